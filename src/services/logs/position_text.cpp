#include "services/logs/position_text.h"

#include <fmt/format.h>

#include <charconv>

namespace signalbox::logs {
namespace {

constexpr std::size_t kTimeDigits = 15;
constexpr std::size_t kNumberDigits = 20;
constexpr std::string_view kFirst = "3";
constexpr std::string_view kLast = "00000000000000000000";

template <class Number>
bool read(std::string_view digits, Number& into) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), into);
  return error == std::errc() && end == digits.data() + digits.size();
}

}  // namespace

std::string to_event_id(const Position& at) {
  return fmt::format("{}{:0{}}{:0{}}{}", kFirst, at.time, kTimeDigits, at.number, kNumberDigits, kLast);
}

std::optional<Position> from_event_id(std::string_view text) {
  if (text.size() != kFirst.size() + kTimeDigits + kNumberDigits + kLast.size()) return std::nullopt;
  if (!text.starts_with(kFirst) || !text.ends_with(kLast)) return std::nullopt;
  text.remove_prefix(kFirst.size());
  Position at;
  if (!read(text.substr(0, kTimeDigits), at.time) || at.time < 0) return std::nullopt;
  if (!read(text.substr(kTimeDigits, kNumberDigits), at.number)) return std::nullopt;
  return at;
}

}  // namespace signalbox::logs
