#include <re2/re2.h>
#include <string.h>

#include <array>
#include <cmath>

#include "services/logs/insights/functions.h"
#include "services/logs/insights/row.h"

namespace signalbox::logs::insights {
namespace {

Value compared(const Expression& expression, Row& row) {
  const Value a = evaluate(expression.parts[0], row);
  const Value b = evaluate(expression.parts[1], row);
  if (a.is_null() || b.is_null()) {
    // What is absent differs from everything, and stands in no other relation.
    return Value::of(expression.operation == Operator::kNotEqual && a.is_null() != b.is_null());
  }
  const int order = compare(a, b);
  switch (expression.operation) {
    case Operator::kEqual:
      return Value::of(order == 0);
    case Operator::kNotEqual:
      return Value::of(order != 0);
    case Operator::kLess:
      return Value::of(order < 0);
    case Operator::kLessOrEqual:
      return Value::of(order <= 0);
    case Operator::kGreater:
      return Value::of(order > 0);
    default:
      return Value::of(order >= 0);
  }
}

Value calculated(const Expression& expression, Row& row) {
  const auto a = to_number(evaluate(expression.parts[0], row));
  if (!a) return {};
  if (expression.operation == Operator::kNegate) return Value::of(-*a);
  const auto b = to_number(evaluate(expression.parts[1], row));
  if (!b) return {};
  switch (expression.operation) {
    case Operator::kAdd:
      return Value::of(*a + *b);
    case Operator::kSubtract:
      return Value::of(*a - *b);
    case Operator::kMultiply:
      return Value::of(*a * *b);
    case Operator::kDivide:
      return *b == 0 ? Value{} : Value::of(*a / *b);
    case Operator::kRemainder:
      return *b == 0 ? Value{} : Value::of(std::fmod(*a, *b));
    default:
      return Value::of(std::pow(*a, *b));
  }
}

Value is_in(const Expression& expression, Row& row) {
  const Value a = evaluate(expression.parts[0], row);
  if (a.is_null()) return Value::of(false);
  for (std::size_t i = 1; i < expression.parts.size(); ++i) {
    const Value b = evaluate(expression.parts[i], row);
    if (!b.is_null() && compare(a, b) == 0) return Value::of(true);
  }
  return Value::of(false);
}

Value operated(const Expression& expression, Row& row) {
  switch (expression.operation) {
    case Operator::kOr:
      return Value::of(is_true(evaluate(expression.parts[0], row)) || is_true(evaluate(expression.parts[1], row)));
    case Operator::kAnd:
      return Value::of(is_true(evaluate(expression.parts[0], row)) && is_true(evaluate(expression.parts[1], row)));
    case Operator::kNot:
      return Value::of(!is_true(evaluate(expression.parts[0], row)));
    case Operator::kLike: {
      const Value value = evaluate(expression.parts[0], row);
      if (value.is_null()) return Value::of(false);
      const std::string_view text = to_text(value, row.arena());
      const std::string& part = expression.parts[1].constant.text;
      return Value::of(::memmem(text.data(), text.size(), part.data(), part.size()) != nullptr);
    }
    case Operator::kMatches: {
      const Value value = evaluate(expression.parts[0], row);
      if (value.is_null()) return Value::of(false);
      const std::string_view text = to_text(value, row.arena());
      return Value::of(RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *expression.regex));
    }
    case Operator::kIn:
      return is_in(expression, row);
    case Operator::kEqual:
    case Operator::kNotEqual:
    case Operator::kLess:
    case Operator::kLessOrEqual:
    case Operator::kGreater:
    case Operator::kGreaterOrEqual:
      return compared(expression, row);
    default:
      return calculated(expression, row);
  }
}

Value called(const Expression& expression, Row& row) {
  constexpr std::size_t kFew = 8;
  std::array<Value, kFew> few;
  std::vector<Value> many;
  const std::size_t count = expression.parts.size();
  if (count > kFew) many.resize(count);
  const std::span<Value> arguments = count > kFew ? std::span<Value>(many) : std::span<Value>(few).first(count);
  for (std::size_t i = 0; i < count; ++i) arguments[i] = evaluate(expression.parts[i], row);
  return expression.function->call({arguments, row.arena(), row.now()});
}

}  // namespace

Value evaluate(const Expression& expression, Row& row) {
  switch (expression.kind) {
    case Expression::Kind::kConstant:
      return expression.constant.value();
    case Expression::Kind::kField:
      return row.get(expression.slot);
    case Expression::Kind::kOperation:
      return operated(expression, row);
    case Expression::Kind::kCall:
      return called(expression, row);
  }
  return {};
}

}  // namespace signalbox::logs::insights
