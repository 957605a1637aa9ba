// One line of a Condition element: an operator, a key and the values it is compared with.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "json/json.h"
#include "policy/arn_pattern.h"
#include "policy/context_key.h"
#include "policy/template.h"

namespace signalbox::policy {

/// A block of IPv4 or IPv6 addresses.
struct Network {
  std::array<std::uint8_t, 16> address{};
  int bytes = 0;   // 4 or 16
  int prefix = 0;  // leading bits that count
  /// "203.0.113.0/24", "2001:db8::/32"; an address alone is a block of one.
  static std::optional<Network> parse(std::string_view text);
  bool contains(const Network& other) const;
};

/// IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys".
class Condition {
 public:
  /// `op` as the policy spells it: "ForAnyValue:StringLikeIfExists". Errors: MalformedPolicyDocument.
  static Result<Condition> compile(std::string_view op, std::string_view key, json::Value values, bool variables);

  /// True when the condition is met. `buffer` is memory to work in.
  bool met(const Request& request, std::string& buffer) const;

  /// True when a key it reads, also as a variable without a default, has no value.
  bool reads_missing_key(const Request& request, std::string& buffer) const;

  /// Adds the names of the keys it reads.
  void add_keys(std::vector<std::string>& names) const;

  /// What an operator compares as; public for the table of operators alone.
  enum class Comparison : std::uint8_t {
    kText,
    kTextFolded,
    kTextLike,
    kNumber,
    kDate,
    kBinary,
    kAddress,
    kArn,
    kNull
  };
  enum class Order : std::uint8_t { kEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

 private:
  enum class Quantifier : std::uint8_t { kNone, kForAllValues, kForAnyValue };
  using Operand = std::variant<Template, ArnPattern, double, Time, Network, std::string>;

  explicit Condition(std::string_view key) : key_(key) {}
  Result<void> set_operator(std::string_view op);
  Result<Operand> operand(std::string_view value, bool variables) const;
  bool any_operand_takes(std::string_view value, const Request& request, std::string& buffer) const;
  bool takes(const Operand& operand, std::string_view value, const Request& request, std::string& buffer) const;
  bool quantified(const KeyValues& values, const Request& request, std::string& buffer) const;

  ContextKey key_;
  Quantifier quantifier_ = Quantifier::kNone;
  Comparison comparison_ = Comparison::kText;
  Order order_ = Order::kEqual;
  bool negated_ = false;
  bool if_exists_ = false;
  bool takes_absent_ = false;   // of kNull: "true" is among the policy's values
  bool takes_present_ = false;  // of kNull: "false" is
  std::vector<Operand> operands_;
};

/// A time as conditions write it: ISO 8601, whole or in part ("2020-04"), or seconds since 1970.
std::optional<Time> parse_date(std::string_view text);
std::optional<double> parse_number(std::string_view text);

}  // namespace signalbox::policy
