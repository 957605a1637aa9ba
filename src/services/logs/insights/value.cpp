#include "services/logs/insights/value.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/time_text.h"

namespace signalbox::logs::insights {
namespace {

constexpr double kExact = 9e15;  // below it, whole doubles are exact

std::string time_text(double millis) {
  if (!(std::abs(millis) < 2e14)) return fmt::format("{:.0f}", millis);
  std::string text = to_iso8601_millis(Time(Duration(static_cast<std::int64_t>(millis))));
  if (text.size() < 24) return text;
  text[10] = ' ';
  text.pop_back();
  return text;
}

std::string number_text(double number) {
  if (std::abs(number) < kExact && number == std::floor(number))
    return fmt::format("{}", static_cast<std::int64_t>(number));
  if (!std::isfinite(number) || std::abs(number) < 0.001 || std::abs(number) >= kExact)
    return fmt::format("{:.6g}", number);
  std::string text = fmt::format("{:.4f}", number);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

std::optional<double> to_number(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNumber:
    case Value::Kind::kTime:
    case Value::Kind::kBoolean:
      return value.number;
    case Value::Kind::kText: {
      std::string_view text = value.text;
      if (text.empty() || text.size() > 64 || text.front() > '9') return std::nullopt;  // most texts are no numbers
      if (text.front() == '+') text.remove_prefix(1);
      double number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
      return number;
    }
    default:
      return std::nullopt;
  }
}

bool is_true(const Value& value) {
  if (value.kind == Value::Kind::kText) return !value.text.empty() && value.text != "0" && value.text != "false";
  return !value.is_null() && value.number != 0;
}

std::string to_text(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kText:
      return std::string(value.text);
    case Value::Kind::kTime:
      return time_text(value.number);
    case Value::Kind::kNumber:
    case Value::Kind::kBoolean:
      return number_text(value.number);
    default:
      return {};
  }
}

std::string_view to_text(const Value& value, Arena& arena) {
  return value.kind == Value::Kind::kText ? value.text : arena.keep(to_text(value));
}

int compare(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return static_cast<int>(!a.is_null()) - static_cast<int>(!b.is_null());
  if (a.kind == Value::Kind::kText && b.kind == Value::Kind::kText) {
    const auto x = to_number(a);
    const auto y = x ? to_number(b) : std::nullopt;
    if (x && y) return *x < *y ? -1 : static_cast<int>(*x > *y);
    return a.text.compare(b.text);
  }
  const auto x = to_number(a);
  const auto y = to_number(b);
  if (x && y) return *x < *y ? -1 : static_cast<int>(*x > *y);
  return to_text(a).compare(to_text(b));
}

}  // namespace signalbox::logs::insights
