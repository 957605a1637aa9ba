#include "pattern/walk.h"

#include <algorithm>

namespace signalbox::pattern {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/// Containers that a walk goes into, one in another.
constexpr int kMaxDepth = 600;

unsigned hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  return static_cast<unsigned>((c | 0x20) - 'a' + 10) & 15U;
}

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0 | c >> 6));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | c >> 12));
    out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | c >> 18));
    out.push_back(static_cast<char>(0x80 | (c >> 12 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

/// The four digits of a \u escape at `at`; 0 when the text ends before.
std::uint32_t four_digits(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return 0;
  return hex_digit(text[at]) << 12 | hex_digit(text[at + 1]) << 8 | hex_digit(text[at + 2]) << 4 |
         hex_digit(text[at + 3]);
}

}  // namespace

}  // namespace signalbox::pattern

// The same code twice: for any processor, and for those with the instructions of x86-64-v3 (2013 on), where counting
// and finding bits is one instruction each. Not by compiler flags for a file of its own: the library templates that
// such a file instantiates would be used by all the others, too.
namespace signalbox::pattern {
#define SIGNALBOX_WALK PlainWalk
#include "pattern/walk_members.h"
#undef SIGNALBOX_WALK

#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt")
#endif
#define SIGNALBOX_WALK QuickWalk
#include "pattern/walk_members.h"
#undef SIGNALBOX_WALK
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

Walk::Walk() {
#if defined(__x86_64__)
  quick_ = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") &&
           __builtin_cpu_supports("lzcnt");
#endif
}

bool Walk::run(std::string_view event, const Index& index, EventValues& values, std::vector<PathId>& present) {
#if defined(__x86_64__)
  if (quick_) return walk_.quick.run(event, index, values, present);
#endif
  return walk_.plain.run(event, index, values, present);
}

}  // namespace signalbox::pattern
