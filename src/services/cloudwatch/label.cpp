#include "services/cloudwatch/label.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/time_text.h"

namespace signalbox::cloudwatch {
namespace {

std::string number_text(double value) {
  char text[32];
  const auto [end, problem] = std::to_chars(text, text + sizeof text, value);
  return problem == std::errc() ? std::string(text, end) : std::string();
}

/// What PROP names of a metric.
std::optional<std::string> property_of(const Query& query, std::string_view name, const cloud::Scope& scope) {
  if (name == "AccountId") return scope.account;
  if (name == "Region") return scope.region;
  if (name == "Period") {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(query.period).count());
  }
  if (!query.source) return "";
  const cloud::MetricId& metric = query.source->metric;
  if (name == "Namespace") return metric.name_space;
  if (name == "MetricName") return metric.name;
  if (name == "Stat") return query.source->statistic.text();
  if (!name.starts_with("Dim.")) return std::nullopt;
  const auto found = metric.dimensions.find(name.substr(4));
  return found == metric.dimensions.end() ? "" : found->second;
}

std::optional<std::string> value_of(std::string_view name, const TimeSeries& series, Duration zone) {
  const auto& points = series.points;
  if (name == "DATAPOINT_COUNT") return std::to_string(points.size());
  const std::string none = "--";
  const auto time = [&](Time at) { return to_iso8601(at + zone).substr(0, 19); };
  const auto by_value = [](const Point& a, const Point& b) { return a.value < b.value; };
  const auto range = [](double from, double to) { return "[" + number_text(from) + "-" + number_text(to) + "]"; };
  double sum = 0;
  for (const Point& point : points) sum += point.value;
  const auto least = std::ranges::min_element(points, by_value);
  const auto most = std::ranges::max_element(points, by_value);
  if (name == "SUM") return points.empty() ? none : number_text(sum);
  if (name == "AVG") return points.empty() ? none : number_text(sum / static_cast<double>(points.size()));
  if (name == "MIN") return points.empty() ? none : number_text(least->value);
  if (name == "MAX") return points.empty() ? none : number_text(most->value);
  if (name == "FIRST") return points.empty() ? none : number_text(points.front().value);
  if (name == "LAST") return points.empty() ? none : number_text(points.back().value);
  if (name == "MIN_MAX_RANGE") return points.empty() ? none : range(least->value, most->value);
  if (name == "FIRST_LAST_RANGE") return points.empty() ? none : range(points.front().value, points.back().value);
  if (name == "MIN_TIME") return points.empty() ? none : time(least->time);
  if (name == "MAX_TIME") return points.empty() ? none : time(most->time);
  if (name == "FIRST_TIME") return points.empty() ? none : time(points.front().time);
  if (name == "LAST_TIME") return points.empty() ? none : time(points.back().time);
  return std::nullopt;
}

}  // namespace

Result<Duration> parse_zone(std::string_view text) {
  const bool fits = text.size() == 5 && (text[0] == '+' || text[0] == '-') &&
                    std::ranges::all_of(text.substr(1), [](char c) { return c >= '0' && c <= '9'; });
  if (!fits) return fail("ValidationError", "The LabelOptions Timezone must be as +0130.");
  const int hours = (text[1] - '0') * 10 + text[2] - '0';
  const int minutes = (text[3] - '0') * 10 + text[4] - '0';
  const Duration zone = std::chrono::minutes(hours * 60 + minutes);
  return text[0] == '-' ? -zone : zone;
}

Result<std::string> make_label(std::string_view label, const std::string& name, const Query& query,
                               const TimeSeries& series, const cloud::Scope& scope, Duration zone) {
  std::string text;
  while (!label.empty()) {
    const auto from = label.find("${");
    text += label.substr(0, from);
    if (from == std::string_view::npos) break;
    label.remove_prefix(from + 2);
    const auto end = label.find('}');
    if (end == std::string_view::npos) return fail("ValidationError", "A ${ of a Label does not end.");
    const std::string_view variable = label.substr(0, end);
    label.remove_prefix(end + 1);
    std::optional<std::string> value;
    if (variable == "LABEL") {
      value = name;
    } else if (variable.starts_with("PROP('") && variable.ends_with("')")) {
      value = property_of(query, variable.substr(6, variable.size() - 8), scope);
    } else {
      value = value_of(variable, series, zone);
    }
    if (!value) return fail("ValidationError", "${" + std::string(variable) + "} in a Label is not supported.");
    text += *value;
  }
  return text;
}

}  // namespace signalbox::cloudwatch
