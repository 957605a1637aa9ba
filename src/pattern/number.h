// Numbers of JSON texts in one form for all their spellings: 300, 3.0e2 and 300.0 are equal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::pattern {

/// 0.DIGITS times ten to the EXPONENT, the digits without zeros at either end. Zero has none and is not negative.
struct Decimal {
  bool negative = false;
  bool odd = false;  // an exponent beyond any use: `text` is the number as spelled, and equal to itself only
  std::int64_t exponent = 0;
  std::uint64_t digits = 0;  // when there are at most 19
  std::uint32_t count = 0;   // of digits
  std::string_view text;     // of the number, for what does not fit

  /// Reads a number of a valid JSON text, which must outlive the Decimal.
  static Decimal read(std::string_view text);
  bool operator==(const Decimal& other) const;
  std::uint64_t hash(std::uint64_t seed) const;
  /// The nearest double.
  double value() const;
};

}  // namespace signalbox::pattern
