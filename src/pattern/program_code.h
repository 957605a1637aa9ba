// The instructions of a Program, as program_make.cpp writes and program.cpp reads them.
#pragma once

#include <cstdint>

namespace signalbox::pattern {

enum class Op : std::uint8_t {
  kString,
  kNumber,
  kNull,
  kTrue,
  kFalse,
  kPrefix,
  kSuffix,
  kEqualFolded,
  kPrefixFolded,
  kSuffixFolded,
  kWildcard,
  kRange,
  kCidr,
  kPresent,
  kAbsent,
  kNoneOf,
};

// Flags of kRange.
inline constexpr std::uint8_t kHasLow = 1;
inline constexpr std::uint8_t kLowIncluded = 2;
inline constexpr std::uint8_t kHasHigh = 4;
inline constexpr std::uint8_t kHighIncluded = 8;
}  // namespace signalbox::pattern
