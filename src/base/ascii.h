// Letters of ASCII, whatever the locale.
#pragma once

#include <string>
#include <string_view>

namespace signalbox {

/// The small letter of a capital one; everything else as it is.
constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

inline std::string ascii_lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii_lower(c);
  return out;
}

}  // namespace signalbox
