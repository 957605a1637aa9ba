#include "policy/condition.h"

#include <algorithm>

#include "base/encoding.h"
#include "policy/glob.h"
#include "policy/malformed.h"

namespace signalbox::policy {
namespace {

using Comparison = Condition::Comparison;
using Order = Condition::Order;

struct Operator {
  std::string_view name;  // in lower case
  Comparison comparison;
  Order order = Order::kEqual;
  bool negated = false;
};
constexpr Operator kOperators[] = {
    {"stringequals", Comparison::kText},
    {"stringnotequals", Comparison::kText, Order::kEqual, true},
    {"stringequalsignorecase", Comparison::kTextFolded},
    {"stringnotequalsignorecase", Comparison::kTextFolded, Order::kEqual, true},
    {"stringlike", Comparison::kTextLike},
    {"stringnotlike", Comparison::kTextLike, Order::kEqual, true},
    {"numericequals", Comparison::kNumber},
    {"numericnotequals", Comparison::kNumber, Order::kEqual, true},
    {"numericlessthan", Comparison::kNumber, Order::kLess},
    {"numericlessthanequals", Comparison::kNumber, Order::kLessOrEqual},
    {"numericgreaterthan", Comparison::kNumber, Order::kGreater},
    {"numericgreaterthanequals", Comparison::kNumber, Order::kGreaterOrEqual},
    {"dateequals", Comparison::kDate},
    {"datenotequals", Comparison::kDate, Order::kEqual, true},
    {"datelessthan", Comparison::kDate, Order::kLess},
    {"datelessthanequals", Comparison::kDate, Order::kLessOrEqual},
    {"dategreaterthan", Comparison::kDate, Order::kGreater},
    {"dategreaterthanequals", Comparison::kDate, Order::kGreaterOrEqual},
    {"bool", Comparison::kTextFolded},
    {"binaryequals", Comparison::kBinary},
    {"ipaddress", Comparison::kAddress},
    {"notipaddress", Comparison::kAddress, Order::kEqual, true},
    {"arnequals", Comparison::kArn},
    {"arnlike", Comparison::kArn},
    {"arnnotequals", Comparison::kArn, Order::kEqual, true},
    {"arnnotlike", Comparison::kArn, Order::kEqual, true},
    {"null", Comparison::kNull},
};

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// A value may be a string, or a number or Boolean without quotation marks.
std::optional<std::string> value_text(json::Value value) {
  if (value.is_string()) return value.as_string();
  if (value.is_number() || value.is_bool()) return std::string(value.raw());
  return std::nullopt;
}

template <class T>
bool ordered(Order order, const T& value, const T& bound) {
  switch (order) {
    case Order::kEqual:
      return value == bound;
    case Order::kLess:
      return value < bound;
    case Order::kLessOrEqual:
      return value <= bound;
    case Order::kGreater:
      return value > bound;
    case Order::kGreaterOrEqual:
      return value >= bound;
  }
  return false;
}

}  // namespace

Result<void> Condition::set_operator(std::string_view op) {
  const std::string folded = lower(op);
  std::string_view name = folded;
  if (take_prefix(name, "forallvalues:"))
    quantifier_ = Quantifier::kForAllValues;
  else if (take_prefix(name, "foranyvalue:"))
    quantifier_ = Quantifier::kForAnyValue;
  if (name.ends_with("ifexists")) {
    if_exists_ = true;
    name.remove_suffix(std::string_view("ifexists").size());
  }
  const auto found = std::ranges::find(kOperators, name, &Operator::name);
  const bool null_with_more = found != std::end(kOperators) && found->comparison == Comparison::kNull &&
                              (if_exists_ || quantifier_ != Quantifier::kNone);
  if (found == std::end(kOperators) || null_with_more) {
    return malformed("Invalid Condition type : " + std::string(op.substr(0, 200)));
  }
  comparison_ = found->comparison;
  order_ = found->order;
  negated_ = found->negated;
  return {};
}

Result<Condition> Condition::compile(std::string_view op, std::string_view key, json::Value values, bool variables) {
  Condition made(key);
  if (auto set = made.set_operator(op); !set) return std::unexpected(std::move(set).error());
  const auto add = [&](json::Value value) -> Result<void> {
    const auto text = value_text(value);
    if (!text) return syntax_error();
    if (made.comparison_ == Comparison::kNull) {
      const std::string folded = lower(*text);
      if (folded != "true" && folded != "false") {
        return malformed("Invalid value for condition operator Null: " + text->substr(0, 200));
      }
      (folded == "true" ? made.takes_absent_ : made.takes_present_) = true;
      return {};
    }
    auto operand = made.operand(*text, variables);
    if (!operand) {
      if (!operand.error().message.empty()) return std::unexpected(std::move(operand).error());
      if (made.comparison_ == Comparison::kDate) return malformed("The policy failed legacy parsing");
      return malformed("Invalid value for condition operator " + std::string(op) + ": " + text->substr(0, 200));
    }
    made.operands_.push_back(*std::move(operand));
    return {};
  };
  if (!values.is_array()) {
    if (auto added = add(values); !added) return std::unexpected(std::move(added).error());
    return made;
  }
  if (values.size() == 0 && made.comparison_ == Comparison::kNull) return syntax_error();
  for (const json::Value value : values.elements()) {
    if (auto added = add(value); !added) return std::unexpected(std::move(added).error());
  }
  return made;
}

/// What a value of the policy is compared as. Errors: one without a message when it is not of that kind.
Result<Condition::Operand> Condition::operand(std::string_view value, bool variables) const {
  const auto wrapped = [](auto made) -> Result<Operand> {
    if (!made) return fail("MalformedPolicyDocument", "");
    return Operand(*std::move(made));
  };
  switch (comparison_) {
    case Comparison::kNumber:
      return wrapped(parse_number(value));
    case Comparison::kDate:
      return wrapped(parse_date(value));
    case Comparison::kBinary:
      return wrapped(from_base64(value));
    case Comparison::kAddress:
      return wrapped(Network::parse(value));
    case Comparison::kArn: {
      auto made = ArnPattern::compile(value, variables);
      if (!made) return std::unexpected(std::move(made).error());
      return Operand(*std::move(made));
    }
    case Comparison::kText:
    case Comparison::kTextFolded:
    case Comparison::kTextLike:
    case Comparison::kNull:
      break;
  }
  auto made = Template::compile(value, {variables, comparison_ == Comparison::kTextLike});
  if (!made) return std::unexpected(std::move(made).error());
  return Operand(*std::move(made));
}

bool Condition::met(const Request& request, std::string& buffer) const {
  const KeyValues values = key_.values(request);
  if (comparison_ == Comparison::kNull) return values.empty() ? takes_absent_ : takes_present_;
  if (values.empty() && if_exists_) return true;
  if (quantifier_ != Quantifier::kNone) return quantified(values, request, buffer);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (any_operand_takes(values[i], request, buffer)) return !negated_;
  }
  return negated_;  // no value at all does not match, either
}

bool Condition::reads_missing_key(const Request& request, std::string& buffer) const {
  const auto missing = [&](const Operand& operand) {
    const auto* text = std::get_if<Template>(&operand);
    const auto* arn = std::get_if<ArnPattern>(&operand);
    return (text != nullptr && !text->resolve(request, buffer)) || (arn != nullptr && !arn->resolves(request, buffer));
  };
  return key_.values(request).empty() || std::ranges::any_of(operands_, missing);
}

/// An empty text counts as no value (IAM User Guide, "Multivalued context keys").
bool Condition::quantified(const KeyValues& values, const Request& request, std::string& buffer) const {
  const bool all = quantifier_ == Quantifier::kForAllValues;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty()) continue;
    const bool passes = any_operand_takes(values[i], request, buffer) != negated_;
    if (passes != all) return passes;
  }
  return all;
}

bool Condition::any_operand_takes(std::string_view value, const Request& request, std::string& buffer) const {
  return std::ranges::any_of(operands_, [&](const Operand& o) { return takes(o, value, request, buffer); });
}

bool Condition::takes(const Operand& operand, std::string_view value, const Request& request,
                      std::string& buffer) const {
  switch (comparison_) {
    case Comparison::kText: {
      const auto text = std::get<Template>(operand).resolve(request, buffer);
      return text && *text == value;
    }
    case Comparison::kTextFolded: {
      const auto text = std::get<Template>(operand).resolve(request, buffer);
      return text && equal_folded(*text, value);
    }
    case Comparison::kTextLike: {
      const auto text = std::get<Template>(operand).resolve(request, buffer);
      return text && glob_matches(*text, value);
    }
    case Comparison::kNumber: {
      const auto number = parse_number(value);
      return number && ordered(order_, *number, std::get<double>(operand));
    }
    case Comparison::kDate: {
      const auto time = parse_date(value);
      return time && ordered(order_, *time, std::get<Time>(operand));
    }
    case Comparison::kBinary: {
      const std::string& bytes = std::get<std::string>(operand);
      return value == bytes || from_base64(value) == bytes;
    }
    case Comparison::kAddress: {
      const auto address = Network::parse(value);
      return address && std::get<Network>(operand).contains(*address);
    }
    case Comparison::kArn:
      return std::get<ArnPattern>(operand).matches(value, request, buffer);
    case Comparison::kNull:
      break;
  }
  return false;
}

void Condition::add_keys(std::vector<std::string>& names) const {
  names.push_back(key_.name());
  for (const Operand& operand : operands_) {
    if (const auto* text = std::get_if<Template>(&operand)) text->add_keys(names);
    if (const auto* arn = std::get_if<ArnPattern>(&operand)) arn->add_keys(names);
  }
}

}  // namespace signalbox::policy
