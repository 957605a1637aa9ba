#include "services/logs/insights/expression_parser.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/ascii.h"
#include "services/logs/insights/functions.h"

namespace signalbox::logs::insights {
namespace {

constexpr int kMaxDepth = 100;
constexpr std::size_t kMaxSlots = 1000;
constexpr std::int64_t kMaxRegexMemory = 2 << 20;

using Made = Result<Expression>;

Expression operation(Operator op, Expression left) {
  Expression made;
  made.kind = Expression::Kind::kOperation;
  made.operation = op;
  made.parts.push_back(std::move(left));
  return made;
}
Expression operation(Operator op, Expression left, Expression right) {
  Expression made = operation(op, std::move(left));
  made.parts.push_back(std::move(right));
  return made;
}
Expression constant(const Value& value) {
  Expression made;
  made.constant = Cell(value);
  return made;
}
Expression negate_if(bool negated, Expression expression) {
  return negated ? operation(Operator::kNot, std::move(expression)) : std::move(expression);
}

}  // namespace

std::size_t ExpressionParser::slot_of(const std::string& name, bool assigned) {
  const auto found = std::ranges::find(syntax_.names, name);
  if (found != syntax_.names.end()) return static_cast<std::size_t>(found - syntax_.names.begin());
  syntax_.names.push_back(name);
  syntax_.from_event.push_back(!assigned);
  return syntax_.names.size() - 1;
}

Expression ExpressionParser::field(const std::string& name) {
  Expression made;
  made.kind = Expression::Kind::kField;
  made.slot = slot_of(name, false);
  return made;
}

std::size_t ExpressionParser::assigned_slot(const std::string& name) {
  return slot_of(name, true);
}

Result<std::size_t> ExpressionParser::new_name() {
  const auto kind = lexer_.peek().kind;
  if (kind != TokenKind::kName && kind != TokenKind::kQuotedName) return lexer_.unexpected();
  if (syntax_.names.size() >= kMaxSlots) return lexer_.wrong("there are too many names");
  return assigned_slot(lexer_.take().text);
}

Result<Assignment> ExpressionParser::assignment() {
  const std::size_t start = lexer_.peek().start;
  auto made = expression();
  if (!made) return std::unexpected(std::move(made).error());
  Assignment assignment{*std::move(made), 0, false};
  if (lexer_.take_word("as")) {
    const auto slot = new_name();
    if (!slot) return std::unexpected(slot.error());
    assignment.slot = *slot;
  } else if (assignment.expression.kind == Expression::Kind::kField) {
    assignment.slot = assignment.expression.slot;
    assignment.is_plain_field = true;
  } else {
    assignment.slot = assigned_slot(std::string(lexer_.text_since(start)));
  }
  return assignment;
}

Made ExpressionParser::any(int depth) {
  if (depth > kMaxDepth) return lexer_.wrong("the expression is nested too deeply");
  auto left = all(depth);
  while (left && lexer_.take_word("or")) {
    auto right = all(depth);
    if (!right) return right;
    left = operation(Operator::kOr, *std::move(left), *std::move(right));
  }
  return left;
}

Made ExpressionParser::all(int depth) {
  auto left = negation(depth);
  while (left && lexer_.take_word("and")) {
    auto right = negation(depth);
    if (!right) return right;
    left = operation(Operator::kAnd, *std::move(left), *std::move(right));
  }
  return left;
}

Made ExpressionParser::negation(int depth) {
  if (depth > kMaxDepth) return lexer_.wrong("the expression is nested too deeply");
  if (!lexer_.take_word("not")) return comparison(depth);
  auto made = negation(depth + 1);
  if (!made) return made;
  return operation(Operator::kNot, *std::move(made));
}

Made ExpressionParser::comparison(int depth) {
  auto left = sum(depth);
  if (!left) return left;
  struct Sign {
    std::string_view text;
    Operator operation;
  };
  constexpr Sign kSigns[] = {{"=", Operator::kEqual},           {"==", Operator::kEqual},
                             {"!=", Operator::kNotEqual},       {"<>", Operator::kNotEqual},
                             {"<=", Operator::kLessOrEqual},    {"<", Operator::kLess},
                             {">=", Operator::kGreaterOrEqual}, {">", Operator::kGreater}};
  for (const Sign& sign : kSigns) {
    if (!lexer_.take_sign(sign.text)) continue;
    auto right = sum(depth);
    if (!right) return right;
    return operation(sign.operation, *std::move(left), *std::move(right));
  }
  if (lexer_.take_sign("=~") || lexer_.take_word("like")) return like(*std::move(left), false);
  if (lexer_.take_word("in")) return in_list(*std::move(left), false, depth);
  if (lexer_.take_word("not")) {
    if (lexer_.take_word("like")) return like(*std::move(left), true);
    if (lexer_.take_word("in")) return in_list(*std::move(left), true, depth);
    return lexer_.unexpected();
  }
  return left;
}

Made ExpressionParser::like(Expression left, bool negated) {
  if (lexer_.at_sign("/")) {
    auto compiled = regex();
    if (!compiled) return std::unexpected(std::move(compiled).error());
    Expression made = operation(Operator::kMatches, std::move(left));
    made.regex = *std::move(compiled);
    return negate_if(negated, std::move(made));
  }
  if (lexer_.peek().kind != TokenKind::kText) return lexer_.unexpected();
  const std::string text = lexer_.take().text;
  return negate_if(negated, operation(Operator::kLike, std::move(left), constant(Value::of(std::string_view(text)))));
}

Made ExpressionParser::in_list(Expression left, bool negated, int depth) {
  const bool round = lexer_.at_sign("(");
  if (!lexer_.take_sign(round ? "(" : "[")) return lexer_.unexpected();
  Expression made = operation(Operator::kIn, std::move(left));
  do {
    auto one = sum(depth + 1);
    if (!one) return one;
    made.parts.push_back(*std::move(one));
  } while (lexer_.take_sign(","));
  if (!lexer_.take_sign(round ? ")" : "]")) return lexer_.unexpected();
  return negate_if(negated, std::move(made));
}

Result<std::shared_ptr<const re2::RE2>> ExpressionParser::regex() {
  auto text = lexer_.take_regex();
  if (!text) return std::unexpected(std::move(text).error());
  return compile(*text);
}

Result<std::shared_ptr<const re2::RE2>> ExpressionParser::compile(const std::string& text) {
  std::string named;  // Java's (?<name> is (?P<name> here; (?<= and (?<! are neither's
  for (std::size_t i = 0; i < text.size(); ++i) {
    named.push_back(text[i]);
    if (text[i] == '\\' && i + 1 < text.size()) {
      named.push_back(text[++i]);
    } else if (text.compare(i, 3, "(?<") == 0 && i + 3 < text.size() && text[i + 3] != '=' && text[i + 3] != '!') {
      named += "?P";
      ++i;
    }
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxRegexMemory);
  auto compiled = std::make_shared<const RE2>(named, options);
  if (!compiled->ok())
    return lexer_.wrong("the regular expression cannot be read (" + compiled->error() + ") before what is");
  return compiled;
}

Made ExpressionParser::sum(int depth) {
  auto left = product(depth);
  while (left && (lexer_.at_sign("+") || lexer_.at_sign("-"))) {
    const Operator op = lexer_.take().text == "+" ? Operator::kAdd : Operator::kSubtract;
    auto right = product(depth);
    if (!right) return right;
    left = operation(op, *std::move(left), *std::move(right));
  }
  return left;
}

Made ExpressionParser::product(int depth) {
  auto left = power(depth);
  while (left && (lexer_.at_sign("*") || lexer_.at_sign("/") || lexer_.at_sign("%"))) {
    const std::string sign = lexer_.take().text;
    auto right = power(depth);
    if (!right) return right;
    const Operator op = sign == "*" ? Operator::kMultiply : sign == "/" ? Operator::kDivide : Operator::kRemainder;
    left = operation(op, *std::move(left), *std::move(right));
  }
  return left;
}

Made ExpressionParser::power(int depth) {
  if (depth > kMaxDepth) return lexer_.wrong("the expression is nested too deeply");
  auto left = unary(depth);
  if (!left || !lexer_.take_sign("^")) return left;
  auto right = power(depth + 1);
  if (!right) return right;
  return operation(Operator::kPower, *std::move(left), *std::move(right));
}

Made ExpressionParser::unary(int depth) {
  if (depth > kMaxDepth) return lexer_.wrong("the expression is nested too deeply");
  if (!lexer_.take_sign("-")) return primary(depth);
  auto made = unary(depth + 1);
  if (!made) return made;
  return operation(Operator::kNegate, *std::move(made));
}

Made ExpressionParser::primary(int depth) {
  // A tree that is built of many small steps is as deep as it is long: its size is what is bounded.
  constexpr std::size_t kMaxParts = 2000;
  if (++count_ > kMaxParts) return lexer_.wrong("the query has too many parts");
  const Token token = lexer_.peek();
  switch (token.kind) {
    case TokenKind::kNumber:
      lexer_.take();
      return constant(Value::of(token.number));
    case TokenKind::kText:
      lexer_.take();
      return constant(Value::of(std::string_view(token.text)));
    case TokenKind::kQuotedName:
      lexer_.take();
      return field(token.text);
    case TokenKind::kName:
      lexer_.take();
      if (lexer_.at_sign("(")) return call(token.text, depth);
      if (ascii_lowered(token.text) == "true" || ascii_lowered(token.text) == "false")
        return constant(Value::of(ascii_lowered(token.text) == "true"));
      return field(token.text);
    case TokenKind::kDuration:
      return period();
    default:
      break;
  }
  if (!lexer_.take_sign("(")) return lexer_.unexpected();
  auto made = any(depth + 1);
  if (made && !lexer_.take_sign(")")) return lexer_.unexpected();
  return made;
}

Made ExpressionParser::period() {
  const Token& token = lexer_.peek();
  if (token.kind != TokenKind::kDuration) return lexer_.unexpected();
  const std::int64_t length = period_of(token.number, ascii_lowered(token.unit));
  if (length == 0) return lexer_.wrong("unknown period " + token.unit);
  lexer_.take();
  return constant(Value::of(static_cast<double>(length)));
}

Made ExpressionParser::call(std::string name, int depth) {
  const Function* const function = find_function(ascii_lowered(name));
  if (function == nullptr) return lexer_.wrong("the function " + name + " is not supported,");
  lexer_.take();
  Expression made;
  made.kind = Expression::Kind::kCall;
  made.function = function;
  if (function->name == "bin") made.parts.push_back(field("@timestamp"));
  while (!lexer_.at_sign(")")) {
    const bool wants_period = function->period_last && made.parts.size() + 1 == function->most;
    auto part = wants_period ? period() : any(depth + 1);
    if (!part) return part;
    made.parts.push_back(*std::move(part));
    if (!lexer_.take_sign(",")) break;
  }
  if (made.parts.size() < function->least || made.parts.size() > function->most) {
    return lexer_.wrong("the function " + name + " is given a wrong number of arguments,");
  }
  if (!lexer_.take_sign(")")) return lexer_.unexpected();
  return made;
}

}  // namespace signalbox::logs::insights
