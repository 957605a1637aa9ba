#include "services/logs/insights/functions.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "base/encoding.h"

namespace signalbox::logs::insights {
namespace {

constexpr std::size_t kAny = 100;
/// What a query's functions make of one event is bounded.
constexpr std::size_t kMaxText = 1024 * 1024;

template <double (*kFunction)(double)>
Value numeric(const FunctionCall& call) {
  const auto number = to_number(call.arguments[0]);
  return number ? Value::of(kFunction(*number)) : Value{};
}

template <int kSign>
Value extreme(const FunctionCall& call) {
  Value best;
  for (const Value& value : call.arguments) {
    if (!to_number(value)) continue;
    if (best.is_null() || compare(value, best) * kSign > 0) best = Value::of(*to_number(value));
  }
  return best;
}

std::string_view text_at(const FunctionCall& call, std::size_t i) {
  return to_text(call.arguments[i], call.arena);
}

constexpr std::string_view kSpaces = " \t\r\n\f\v";

template <bool kLeft, bool kRight>
Value trim(const FunctionCall& call) {
  if (call.arguments[0].is_null()) return {};
  std::string_view text = text_at(call, 0);
  const std::string_view set = call.arguments.size() > 1 ? text_at(call, 1) : kSpaces;
  if (kLeft) text.remove_prefix(std::min(text.find_first_not_of(set), text.size()));
  if (kRight) text = text.substr(0, text.find_last_not_of(set) + 1);
  return Value::of(text);
}

/// The byte at which that character begins.
std::size_t byte_of(std::string_view text, std::size_t character) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) continue;
    if (character-- == 0) break;
  }
  return at;
}

Value substr(const FunctionCall& call) {
  const auto start = to_number(call.arguments[1]);
  const auto count = call.arguments.size() > 2 ? to_number(call.arguments[2]) : std::optional<double>(1e9);
  if (call.arguments[0].is_null() || !start || !count || !(*start >= 0) || !(*count >= 0)) return {};
  std::string_view text = text_at(call, 0);
  text.remove_prefix(byte_of(text, static_cast<std::size_t>(std::min(*start, 1e9))));
  return Value::of(text.substr(0, byte_of(text, static_cast<std::size_t>(std::min(*count, 1e9)))));
}

Value replace(const FunctionCall& call) {
  if (call.arguments[0].is_null()) return {};
  const std::string_view text = text_at(call, 0);
  const std::string_view from = text_at(call, 1);
  const std::string_view to = text_at(call, 2);
  if (from.empty()) return Value::of(text);
  std::string out;
  for (std::size_t at = 0;;) {
    const auto found = text.find(from, at);
    out.append(text.substr(at, found - at));
    if (found == std::string_view::npos || out.size() > kMaxText) break;
    out.append(to);
    at = found + from.size();
  }
  return Value::of(call.arena.keep(std::move(out)));
}

Value concat(const FunctionCall& call) {
  std::string out;
  for (std::size_t i = 0; i < call.arguments.size() && out.size() <= kMaxText; ++i) out += text_at(call, i);
  return Value::of(call.arena.keep(std::move(out)));
}

template <int (*kChange)(int)>
Value change_case(const FunctionCall& call) {
  if (call.arguments[0].is_null()) return {};
  std::string out(text_at(call, 0));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x80U) c = static_cast<char>(kChange(c));
  }
  return Value::of(call.arena.keep(std::move(out)));
}

/// The period that the parser wrote as a number of milliseconds, or of months below zero.
std::optional<std::int64_t> period_at(const FunctionCall& call, std::size_t i) {
  const auto period = to_number(call.arguments[i]);
  if (!period || *period == 0 || std::abs(*period) > 1e15) return std::nullopt;
  return static_cast<std::int64_t>(*period);
}

Value datefloor(const FunctionCall& call) {
  const auto time = to_number(call.arguments[0]);
  const auto period = period_at(call, 1);
  return time && period ? Value::of_time(floor_to_period(*time, *period)) : Value{};
}

Value dateceil(const FunctionCall& call) {
  const auto time = to_number(call.arguments[0]);
  const auto period = period_at(call, 1);
  if (!time || !period) return {};
  const double floor = floor_to_period(*time, *period);
  if (floor == *time) return Value::of_time(floor);
  if (*period > 0) return Value::of_time(floor + static_cast<double>(*period));
  // 31 days after the beginning of a period's last month is within the next period.
  const double months = static_cast<double>(-*period);
  return Value::of_time(floor_to_period(floor + ((months - 1) * 30.5 + 31.5) * 86'400'000.0, *period));
}

constexpr std::array kFunctions = {
    Function{"abs", 1, 1, numeric<std::abs>},
    Function{"ceil", 1, 1, numeric<std::ceil>},
    Function{"floor", 1, 1, numeric<std::floor>},
    Function{"log", 1, 1, numeric<std::log>},
    Function{"sqrt", 1, 1, numeric<std::sqrt>},
    Function{"greatest", 1, kAny, extreme<1>},
    Function{"least", 1, kAny, extreme<-1>},
    Function{"ispresent", 1, 1, [](const FunctionCall& c) { return Value::of(!c.arguments[0].is_null()); }},
    Function{"coalesce", 1, kAny,
             [](const FunctionCall& c) {
               const auto found =
                   std::ranges::find_if(c.arguments, [](const Value& value) { return !value.is_null(); });
               return found == c.arguments.end() ? Value{} : *found;
             }},
    Function{"isempty", 1, 1, [](const FunctionCall& c) { return Value::of(text_at(c, 0).empty()); }},
    Function{"isblank", 1, 1,
             [](const FunctionCall& c) {
               return Value::of(text_at(c, 0).find_first_not_of(kSpaces) == std::string_view::npos);
             }},
    Function{"concat", 1, kAny, concat},
    Function{"ltrim", 1, 2, trim<true, false>},
    Function{"rtrim", 1, 2, trim<false, true>},
    Function{"trim", 1, 2, trim<true, true>},
    Function{"strlen", 1, 1,
             [](const FunctionCall& c) {
               return c.arguments[0].is_null() ? Value{}
                                               : Value::of(static_cast<double>(count_characters(text_at(c, 0))));
             }},
    Function{"toupper", 1, 1, change_case<std::toupper>},
    Function{"tolower", 1, 1, change_case<std::tolower>},
    Function{"substr", 2, 3, substr},
    Function{"replace", 3, 3, replace},
    Function{"strcontains", 2, 2,
             [](const FunctionCall& c) {
               return Value::of(!c.arguments[0].is_null() &&
                                text_at(c, 0).find(text_at(c, 1)) != std::string_view::npos);
             }},
    Function{"bin", 2, 2, datefloor, true},  // the parser puts @timestamp first
    Function{"datefloor", 2, 2, datefloor, true},
    Function{"dateceil", 2, 2, dateceil, true},
    Function{"frommillis", 1, 1,
             [](const FunctionCall& c) {
               const auto number = to_number(c.arguments[0]);
               return number ? Value::of_time(*number) : Value{};
             }},
    Function{"tomillis", 1, 1,
             [](const FunctionCall& c) {
               const auto number = to_number(c.arguments[0]);
               return number ? Value::of(*number) : Value{};
             }},
    Function{"now", 0, 0,
             [](const FunctionCall& c) { return Value::of(std::floor(static_cast<double>(c.now) / 1000)); }},
};

}  // namespace

const Function* find_function(std::string_view name) {
  const auto found = std::ranges::find(kFunctions, name, &Function::name);
  return found == kFunctions.end() ? nullptr : &*found;
}

std::int64_t period_of(double count, std::string_view unit) {
  struct Unit {
    std::string_view names;  // each with a space behind
    std::int64_t length;
  };
  constexpr std::int64_t kSecond = 1000;
  constexpr Unit kUnits[] = {{"ms msec millisecond milliseconds ", 1},
                             {"s sec second seconds ", kSecond},
                             {"m min mins minute minutes ", 60 * kSecond},
                             {"h hr hrs hour hours ", 3600 * kSecond},
                             {"d day days ", 86'400 * kSecond},
                             {"w week weeks ", 7 * 86'400 * kSecond},
                             {"mo mon month months ", -1},
                             {"q qtr quarter quarters ", -3},
                             {"y yr year years ", -12}};
  if (!(count >= 1) || count > 1e6) return 0;
  const std::string wanted = std::string(unit) + " ";
  for (const Unit& one : kUnits) {
    const auto at = one.names.find(wanted);
    if (at == 0 || (at != std::string_view::npos && one.names[at - 1] == ' ')) {
      return static_cast<std::int64_t>(count) * one.length;
    }
  }
  return 0;
}

double floor_to_period(double millis, std::int64_t period) {
  if (period > 0) {
    const auto length = static_cast<double>(period);
    return std::floor(millis / length) * length;
  }
  if (!(std::abs(millis) < 2e14)) return millis;
  using namespace std::chrono;
  const sys_days day = floor<days>(sys_time<milliseconds>(milliseconds(static_cast<std::int64_t>(millis))));
  const year_month_day date(day);
  const std::int64_t month = int{date.year()} * 12LL + static_cast<int>(unsigned{date.month()}) - 1;
  const std::int64_t first = month - ((month % -period) + -period) % -period;
  const auto start = sys_days(year(static_cast<int>(first / 12)) / static_cast<int>(first % 12 + 1) / 1);
  return static_cast<double>(duration_cast<milliseconds>(start.time_since_epoch()).count());
}

}  // namespace signalbox::logs::insights
