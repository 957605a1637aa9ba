// Text encodings and digests.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox {

/// Lower-case hexadecimal.
std::string to_hex(std::string_view bytes);
/// Bytes of hexadecimal text in either case; empty optional when it is not that.
std::optional<std::string> from_hex(std::string_view text);

/// RFC 4648 base64 with padding.
std::string to_base64(std::string_view bytes);
/// Strict: refuses white space, wrong padding and foreign characters.
std::optional<std::string> from_base64(std::string_view text);

/// Appends `text` as it may stand in XML and HTML, attributes included.
void append_escaped_markup(std::string& out, std::string_view text);

/// RFC 3986: everything but unreserved characters as %XX in upper case; '/' is kept when `keep_slash`.
std::string percent_encode(std::string_view text, bool keep_slash = false);
/// Undoes %XX, and '+' as a space when `plus_is_space`; empty optional on a broken escape.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

using Md5Digest = std::array<std::uint8_t, 16>;
using Sha256Digest = std::array<std::uint8_t, 32>;

Md5Digest md5(std::string_view bytes);
Sha256Digest sha256(std::string_view bytes);
Sha256Digest hmac_sha256(std::string_view key, std::string_view bytes);

template <std::size_t N>
std::string to_hex(const std::array<std::uint8_t, N>& digest) {
  return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), N));
}
template <std::size_t N>
std::string_view as_bytes(const std::array<std::uint8_t, N>& digest) {
  return {reinterpret_cast<const char*>(digest.data()), N};
}

/// True when both are equal, in time that depends only on their lengths.
bool equal_in_constant_time(std::string_view a, std::string_view b);

/// True when `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// How many characters (code points) a text in UTF-8 has.
std::size_t count_characters(std::string_view text);

}  // namespace signalbox
