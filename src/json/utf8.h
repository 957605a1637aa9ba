// Well-formed UTF-8, one character at a time (The Unicode Standard, table 3-7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::json {

/// Bytes (1 to 4) of the character that `text` starts with; 0 when it does not start with a well-formed one.
std::size_t utf8_character_length(std::string_view text);

/// Appends a code point up to U+10FFFF; a surrogate becomes U+FFFD.
void append_utf8(std::string& out, std::uint32_t code_point);

}  // namespace signalbox::json
