#include "pattern/number.h"

#include <charconv>
#include <cstdlib>

#include "pattern/hash.h"

namespace signalbox::pattern {
namespace {

constexpr std::uint32_t kMaxDigits = 19;
constexpr std::int64_t kMaxExponent = 1'000'000'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Calls `digit(c)` for the significant digits of a number that has more than fit a word.
template <class Digit>
void each_digit(std::string_view text, std::uint32_t count, const Digit& digit) {
  bool begun = false;
  for (const char c : text) {
    if (c == 'e' || c == 'E' || count == 0) return;
    if (!is_digit(c) || (!begun && c == '0')) continue;
    begun = true;
    digit(c);
    --count;
  }
}

}  // namespace

Decimal Decimal::read(std::string_view text) {
  Decimal number;
  number.text = text;
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at != end && *at == '-') {
    number.negative = true;
    ++at;
  }
  std::int64_t point = 0;   // digits of the whole part, from the first that is not zero on
  std::uint32_t zeros = 0;  // at the end so far
  bool whole = true;
  for (; at != end; ++at) {
    const char c = *at;
    if (c == '.') {
      whole = false;
      continue;
    }
    if (!is_digit(c)) break;
    if (number.count + zeros == 0 && c == '0') {
      if (!whole) --point;
      continue;
    }
    if (whole) ++point;
    if (c == '0') {
      ++zeros;
      continue;
    }
    for (; zeros > 0; --zeros) {
      if (++number.count <= kMaxDigits) number.digits *= 10;
    }
    if (++number.count <= kMaxDigits) number.digits = number.digits * 10 + static_cast<std::uint64_t>(c - '0');
  }
  std::int64_t exponent = 0;
  if (at != end) {
    ++at;
    if (at != end && *at == '+') ++at;
    const auto [stop, problem] = std::from_chars(at, end, exponent);
    if (problem != std::errc() || stop != end || exponent > kMaxExponent || exponent < -kMaxExponent) {
      number.odd = true;
      return number;
    }
  }
  if (number.count == 0) {
    number.negative = false;
    return number;
  }
  number.exponent = point + exponent;
  return number;
}

bool Decimal::operator==(const Decimal& other) const {
  if (odd || other.odd) return odd && other.odd && text == other.text;
  if (negative != other.negative || count != other.count || exponent != other.exponent || digits != other.digits) {
    return false;
  }
  if (count <= kMaxDigits) return true;
  std::string mine;
  std::string theirs;
  each_digit(text, count, [&mine](char c) { mine.push_back(c); });
  each_digit(other.text, count, [&theirs](char c) { theirs.push_back(c); });
  return mine == theirs;
}

std::uint64_t Decimal::hash(std::uint64_t seed) const {
  if (odd) return hash_text(text, seed);
  const std::uint64_t scale = static_cast<std::uint64_t>(exponent) * 2 + static_cast<std::uint64_t>(negative);
  // The first 19 digits will do: what differs behind them is told apart when it is compared.
  return mix(digits ^ seed, scale + (static_cast<std::uint64_t>(count) << 40));
}

double Decimal::value() const {
  constexpr std::uint64_t kExact = 1ULL << 53;
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (!odd && count <= kMaxDigits && digits <= kExact) {
    if (count == 0) return 0;
    // Both factors are exact, so one rounding gives the nearest double.
    const std::int64_t power = exponent - static_cast<std::int64_t>(count);
    const auto whole = static_cast<double>(digits);
    if (power >= 0 && power <= 22) return negative ? -(whole * kPowers[power]) : whole * kPowers[power];
    if (power < 0 && power >= -22) return negative ? -(whole / kPowers[-power]) : whole / kPowers[-power];
  }
  // Not from_chars: it leaves the value alone when it is out of range, where strtod says infinity or zero.
  return std::strtod(std::string(text).c_str(), nullptr);
}

}  // namespace signalbox::pattern
