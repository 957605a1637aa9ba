// Wildcard patterns: '*' for any run of characters, '?' for any one.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::policy {

/// How a compiled pattern spells its wildcards: bytes that no UTF-8 text has, so that what a policy variable brings in
/// is never taken for a wildcard.
inline constexpr char kAnyRun = '\xff';
inline constexpr char kAnyOne = '\xfe';

inline char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string lower(std::string_view text);
/// Equal when ASCII letters of either case count as the same.
bool equal_folded(std::string_view a, std::string_view b);

/// Appends the pattern `text` compiled.
void append_glob(std::string& out, std::string_view text);

/// True when the whole of `text` matches the compiled pattern. At most |pattern| * |text| steps, no allocation.
bool glob_matches(std::string_view pattern, std::string_view text);
/// The same for a pattern in lower case, against a text in any.
bool glob_matches_folded(std::string_view pattern, std::string_view text);

}  // namespace signalbox::policy
