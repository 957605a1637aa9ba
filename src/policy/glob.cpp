#include "policy/glob.h"

#include <algorithm>

#include "json/utf8.h"

namespace signalbox::policy {
namespace {

std::size_t character_length(std::string_view text) {
  if (static_cast<unsigned char>(text.front()) < 0x80) return 1;
  return std::max<std::size_t>(1, json::utf8_character_length(text));
}

/// Only the last '*' met is ever tried again: an earlier one that took more could not help.
template <bool kFolded>
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0;
  std::size_t after_run = std::string_view::npos, run_end = 0;
  while (t < text.size()) {
    if (p < pattern.size()) {
      const char c = pattern[p];
      if (c == kAnyRun) {
        after_run = ++p;
        run_end = t;
        if (p == pattern.size()) return true;
        continue;
      }
      if (c == kAnyOne) {
        t += character_length(text.substr(t));
        ++p;
        continue;
      }
      if (c == (kFolded ? lower(text[t]) : text[t])) {
        ++p;
        ++t;
        continue;
      }
    }
    if (after_run == std::string_view::npos) return false;
    p = after_run;
    t = ++run_end;
  }
  while (p < pattern.size() && pattern[p] == kAnyRun) ++p;
  return p == pattern.size();
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

bool equal_folded(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

void append_glob(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c != '*') {
      out.push_back(c == '?' ? kAnyOne : c);
    } else if (out.empty() || out.back() != kAnyRun) {
      out.push_back(kAnyRun);
    }
  }
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  return matches<false>(pattern, text);
}
bool glob_matches_folded(std::string_view pattern, std::string_view text) {
  return matches<true>(pattern, text);
}

}  // namespace signalbox::policy
