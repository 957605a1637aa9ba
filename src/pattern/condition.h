// What a pattern may ask of one value.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "json/json.h"

namespace signalbox::pattern {

/// A scalar of an event: its type, and its text (a string without escapes, a number in canonical form).
struct Scalar {
  json::Type type;
  std::string text;
  double number = 0;

  static Scalar of(json::Value value);
};

/// The same text for every spelling of a number: 300, 3.0e2 and 300.0 are all "3e2".
std::string canonical_number(std::string_view text);

/// Lower case of every character that has one among the Latin, Greek and Cyrillic letters.
std::string fold_case(std::string_view text);

struct Exact {
  Scalar value;
};
enum class TextMatch { kPrefix, kSuffix, kEqual, kWildcard };
struct Text {
  TextMatch how;
  std::string text;  // folded when ignore_case; for wildcards as written, escapes and all
  bool ignore_case = false;
};
/// A bound of a numeric range.
struct Bound {
  double value;
  bool inclusive;
};
struct Range {
  std::optional<Bound> low;
  std::optional<Bound> high;
};
struct Cidr {
  std::array<std::uint8_t, 16> address;
  int family;  // AF_INET or AF_INET6
  int bits;
};
struct Exists {
  bool wanted;
};
struct Condition;
/// Matches a value that none of these matches.
struct AnythingBut {
  std::vector<Condition> none_of;
};
struct Condition {
  std::variant<Exact, Text, Range, Cidr, Exists, AnythingBut> is;
};

/// Whether a value meets a condition. An Exists condition that wants a value is met by every value.
bool meets(const Scalar& value, const Condition& condition);

/// '*' stands for any run of bytes; "\*" and "\\" for the characters themselves.
bool wildcard_matches(std::string_view wildcard, std::string_view text);

/// Empty optional when `text` is not ADDRESS/BITS.
std::optional<Cidr> parse_cidr(std::string_view text);

}  // namespace signalbox::pattern
