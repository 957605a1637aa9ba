// Values of Logs Insights queries: what a field of a log event, or an expression, has.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace signalbox::logs::insights {

/// Two words and a half, cheap to copy; texts are borrowed, from the event or from an Arena.
struct Value {
  enum class Kind : std::uint8_t { kNotRead, kNull, kBoolean, kNumber, kTime, kText };
  Kind kind = Kind::kNull;
  double number = 0;  // milliseconds since 1970 of a time; 1 or 0 of a boolean
  std::string_view text;

  bool is_null() const { return kind == Kind::kNull || kind == Kind::kNotRead; }
  static Value of(double number) { return {Kind::kNumber, number, {}}; }
  static Value of_time(double millis) { return {Kind::kTime, millis, {}}; }
  static Value of(bool truth) { return {Kind::kBoolean, truth ? 1.0 : 0.0, {}}; }
  static Value of(std::string_view text) { return {Kind::kText, 0, text}; }
};

/// Keeps texts that expressions make, until it is cleared.
class Arena {
 public:
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  void clear() {
    if (!texts_.empty()) texts_.clear();
  }

 private:
  std::deque<std::string> texts_;
};

/// A value that has its text.
struct Cell {
  Value::Kind kind = Value::Kind::kNull;
  double number = 0;
  std::string text;

  Cell() = default;
  explicit Cell(const Value& value) : kind(value.kind), number(value.number), text(value.text) {}
  Value value() const { return {kind, number, text}; }
};

/// The number that it is, or that its text writes.
std::optional<double> to_number(const Value& value);
/// Present, and neither false nor 0 nor "".
bool is_true(const Value& value);
/// As results show it: "2026-11-24 09:00:00.000", "12", "0.5"; "" for null.
std::string to_text(const Value& value);
/// The same, kept in the arena where it is not a text already.
std::string_view to_text(const Value& value, Arena& arena);
/// As numbers where both are, else as texts; null comes before everything. <0, 0, >0.
int compare(const Value& a, const Value& b);

}  // namespace signalbox::logs::insights
