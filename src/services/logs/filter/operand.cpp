#include "services/logs/filter/operand.h"

#include <re2/re2.h>
#include <string.h>

#include <charconv>

namespace signalbox::logs::filter {
namespace {

/// Memory of one compiled expression: a pattern has at most a thousand characters.
constexpr std::int64_t kMaxExpressionMemory = 1 << 20;

}  // namespace

bool contains(std::string_view text, std::string_view part) {
  return ::memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

bool wildcard_match(std::string_view pattern, std::string_view text) {
  const auto first = pattern.find('*');
  if (first == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, first))) return false;
  text.remove_prefix(first);
  pattern.remove_prefix(first + 1);
  // Each part between two asterisks where it is found first: memmem takes linear time, whatever the texts.
  for (auto next = pattern.find('*'); next != std::string_view::npos; next = pattern.find('*')) {
    const void* found = ::memmem(text.data(), text.size(), pattern.data(), next);
    if (found == nullptr) return false;
    text.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) + next);
    pattern.remove_prefix(next + 1);
  }
  return text.ends_with(pattern);
}

std::optional<double> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

Result<std::shared_ptr<const re2::RE2>> compile_expression(const Reader& reader, const std::string& text) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxExpressionMemory);
  auto expression = std::make_shared<const RE2>(text, options);
  if (!expression->ok()) return reader.wrong("a regular expression that cannot be read (" + expression->error() + ")");
  return expression;
}

bool finds(const re2::RE2& expression, std::string_view text) {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), expression);
}

std::optional<Comparison> read_comparison(Reader& reader) {
  if (reader.take("!=")) return Comparison::kNotEqual;
  if (reader.take("<=")) return Comparison::kLessOrEqual;
  if (reader.take(">=")) return Comparison::kGreaterOrEqual;
  if (reader.take("=")) return Comparison::kEqual;
  if (reader.take("<")) return Comparison::kLess;
  if (reader.take(">")) return Comparison::kGreater;
  return std::nullopt;
}

Result<Operand> Operand::read(Reader& reader, std::string_view stops) {
  Operand operand;
  if (reader.peek() == '"') {
    auto text = reader.quoted();
    if (!text) return std::unexpected(std::move(text).error());
    operand.text_ = *std::move(text);
    return operand;
  }
  if (reader.peek() == '%') {
    const auto text = reader.regular_expression();
    if (!text) return std::unexpected(text.error());
    auto expression = compile_expression(reader, *text);
    if (!expression) return std::unexpected(std::move(expression).error());
    operand.expression_ = *std::move(expression);
    return operand;
  }
  while (!reader.done() && !is_space(reader.peek()) && stops.find(reader.peek()) == std::string_view::npos) {
    operand.text_.push_back(reader.take());
  }
  if (operand.text_.empty()) return reader.wrong("a value is missing");
  operand.number_ = number_of(operand.text_);
  return operand;
}

bool Operand::holds(Comparison comparison, std::string_view value) const {
  if (comparison == Comparison::kEqual || comparison == Comparison::kNotEqual) {
    bool equal = expression_ ? finds(*expression_, value) : wildcard_match(text_, value);
    if (!equal && number_) equal = number_of(value) == number_;
    return equal == (comparison == Comparison::kEqual);
  }
  const auto number = number_of(value);
  if (!number || !number_) return false;
  switch (comparison) {
    case Comparison::kLess:
      return *number < *number_;
    case Comparison::kLessOrEqual:
      return *number <= *number_;
    case Comparison::kGreater:
      return *number > *number_;
    default:
      return *number >= *number_;
  }
}

}  // namespace signalbox::logs::filter
