// gzip (RFC 1952), bounded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace signalbox {

/// What was compressed; empty optional when it is no complete gzip data, or would be longer than `most` bytes.
std::optional<std::string> gunzip(std::string_view compressed, std::size_t most);

/// Compressed at zlib's default level.
std::string gzip(std::string_view text);

}  // namespace signalbox
