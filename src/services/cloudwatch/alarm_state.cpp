#include "services/cloudwatch/alarm_state.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace signalbox::cloudwatch {
namespace {

/// Periods beyond those that count which are looked at, as in AWS's examples.
constexpr std::size_t kMorePeriods = 2;

std::string count_of(std::size_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

/// "02/10/19 16:59:00"
std::string short_time(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  char text[64];
  std::snprintf(text, sizeof text, "%02u/%02u/%02d %02d:%02d:%02d", static_cast<unsigned>(date.day()),
                static_cast<unsigned>(date.month()), static_cast<int>(date.year()) % 100,
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::string comparison_words(std::string_view comparison) {
  if (comparison == "GreaterThanOrEqualToThreshold") return "greater than or equal to the threshold";
  if (comparison == "GreaterThanThreshold") return "greater than the threshold";
  if (comparison == "LessThanThreshold") return "less than the threshold";
  return "less than or equal to the threshold";
}

std::string missing_words(std::size_t filled, Missing missing) {
  return "no datapoints were received for " + count_of(filled, "period") + " and " +
         count_of(filled, "missing datapoint") + (filled == 1 ? " was" : " were") + " treated as [" +
         (missing == Missing::kBreaching ? "Breaching" : "NonBreaching") + "].";
}

/// Of the datapoints that speak for `state`.
std::string crossed(const Threshold& threshold, State state, const std::vector<Point>& points, std::size_t filled) {
  const bool alarm = state == State::kAlarm;
  std::string list;
  std::size_t count = 0;
  for (const Point& point : points) {
    if (threshold.is_breached_by(point.value) != alarm) continue;
    list += (count++ == 0 ? "" : ", ") + decimal(point.value) + " (" + short_time(point.time) + ")";
  }
  if (count == 0) return "Threshold Crossed: " + missing_words(filled, threshold.missing);
  const std::int64_t needed =
      alarm ? threshold.datapoints_to_alarm : threshold.evaluation_periods - threshold.datapoints_to_alarm + 1;
  return "Threshold Crossed: " + std::to_string(count) + " out of the last " +
         count_of(static_cast<std::size_t>(threshold.evaluation_periods), "datapoint") +
         (threshold.evaluation_periods == 1 ? "s" : "") + " [" + list + "] " + (count == 1 ? "was " : "were ") +
         (alarm ? "" : "not ") + comparison_words(threshold.comparison) + " (" + decimal(threshold.value) +
         ") (minimum " + count_of(static_cast<std::size_t>(needed), "datapoint") + " for " +
         (alarm ? "OK -> ALARM" : "ALARM -> OK") + " transition).";
}

Verdict insufficient(const Threshold& threshold, std::vector<Point> points) {
  const auto unknown = static_cast<std::size_t>(threshold.evaluation_periods) - points.size();
  return {State::kInsufficientData,
          "Insufficient Data: " + count_of(unknown, "datapoint") + (unknown == 1 ? " was" : " were") + " unknown.",
          std::move(points)};
}

}  // namespace

std::string_view name_of(State state) {
  if (state == State::kOk) return "OK";
  return state == State::kAlarm ? "ALARM" : "INSUFFICIENT_DATA";
}

std::optional<State> state_of(std::string_view name) {
  for (const State state : {State::kOk, State::kAlarm, State::kInsufficientData}) {
    if (name == name_of(state)) return state;
  }
  return std::nullopt;
}

std::string decimal(double value) {
  if (value == std::trunc(value) && std::abs(value) < 1e7) {
    return std::to_string(static_cast<std::int64_t>(value)) + ".0";
  }
  char text[32];
  const auto [end, problem] = std::to_chars(text, text + sizeof text, value);
  return problem == std::errc() ? std::string(text, end) : "0.0";
}

bool Threshold::is_breached_by(double number) const {
  if (comparison == "GreaterThanOrEqualToThreshold") return number >= value;
  if (comparison == "GreaterThanThreshold") return number > value;
  if (comparison == "LessThanThreshold") return number < value;
  return number <= value;
}

std::size_t evaluation_range(const Threshold& threshold) {
  return static_cast<std::size_t>(threshold.evaluation_periods) + kMorePeriods;
}

Verdict judge(const Threshold& threshold, const std::vector<std::optional<Point>>& slots) {
  const auto n = static_cast<std::size_t>(threshold.evaluation_periods);
  const auto m = static_cast<std::size_t>(threshold.datapoints_to_alarm);
  std::vector<Point> points;
  std::size_t oldest = 0;  // periods back, from 1
  for (std::size_t i = 0; i < slots.size() && points.size() < n; ++i) {
    if (!slots[i]) continue;
    points.push_back(*slots[i]);
    oldest = i + 1;
  }
  const auto breaching = static_cast<std::size_t>(
      std::ranges::count_if(points, [&](const Point& point) { return threshold.is_breached_by(point.value); }));
  const std::size_t filled = n - points.size();
  const auto verdict = [&](State state) {
    std::string reason = crossed(threshold, state, points, filled);
    return Verdict{state, std::move(reason), std::move(points)};
  };
  if (breaching >= m) return verdict(State::kAlarm);
  if (filled == 0 || threshold.missing == Missing::kNotBreaching) return verdict(State::kOk);
  if (threshold.missing == Missing::kBreaching) return verdict(breaching + filled >= m ? State::kAlarm : State::kOk);
  if (breaching < points.size()) return verdict(State::kOk);
  if (threshold.missing == Missing::kIgnore) return {std::nullopt, "", std::move(points)};
  // All that is there is breaching: enough when it has lasted as long as the alarm asks.
  if (!points.empty() && oldest >= m) return verdict(State::kAlarm);
  return insufficient(threshold, std::move(points));
}

}  // namespace signalbox::cloudwatch
