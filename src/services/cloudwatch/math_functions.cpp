#include "services/cloudwatch/math_functions.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace signalbox::cloudwatch {
namespace {

double compute(std::string_view operation, double a, double b) {
  if (operation == "+") return a + b;
  if (operation == "-") return a - b;
  if (operation == "*") return a * b;
  if (operation == "/") return b == 0 ? NAN : a / b;
  if (operation == "^") return std::pow(a, b);
  if (operation == "==") return a == b ? 1 : 0;
  if (operation == "!=") return a != b ? 1 : 0;
  if (operation == "<=") return a <= b ? 1 : 0;
  if (operation == ">=") return a >= b ? 1 : 0;
  if (operation == "<") return a < b ? 1 : 0;
  if (operation == ">") return a > b ? 1 : 0;
  if (operation == "AND") return a != 0 && b != 0 ? 1 : 0;
  return a != 0 || b != 0 ? 1 : 0;
}

void add_point(std::vector<Point>& points, Time time, double value) {
  if (std::isfinite(value)) points.push_back({time, value});
}

TimeSeries combine_series(std::string_view operation, const TimeSeries& left, const TimeSeries& right) {
  TimeSeries result{left.id, left.label, std::max(left.period, right.period), {}};
  auto a = left.points.begin();
  auto b = right.points.begin();
  while (a != left.points.end() || b != right.points.end()) {
    const bool only_a = b == right.points.end() || (a != left.points.end() && a->time < b->time);
    const bool only_b = !only_a && (a == left.points.end() || b->time < a->time);
    const Time time = only_b ? b->time : a->time;
    const double x = only_b ? 0 : (a++)->value;
    const double y = only_a ? 0 : (b++)->value;
    add_point(result.points, time, compute(operation, x, y));
  }
  return result;
}

/// `change(series)` of every series.
template <class Change>
Value each(Value value, Change change) {
  for (TimeSeries& series : value.series) series = change(std::move(series));
  return value;
}

TimeSeries transform_series(std::string_view function, TimeSeries series) {
  std::vector<Point> points;
  points.reserve(series.points.size());
  double total = 0;
  for (std::size_t i = 0; i < series.points.size(); ++i) {
    const auto [time, value] = series.points[i];
    double made = value;
    if (function == "ABS") made = std::abs(value);
    if (function == "CEIL") made = std::ceil(value);
    if (function == "FLOOR") made = std::floor(value);
    if (function == "LOG") made = value > 0 ? std::log(value) : NAN;
    if (function == "LOG10") made = value > 0 ? std::log10(value) : NAN;
    if (function == "RUNNING_SUM") made = total += value;
    if (function == "DIFF" || function == "DIFF_TIME" || function == "RATE") {
      if (i == 0) continue;
      const Point& before = series.points[i - 1];
      const double seconds = static_cast<double>((time - before.time).count()) / 1000;
      made = function == "DIFF_TIME" ? seconds : value - before.value;
      if (function == "RATE") made /= seconds;
    }
    add_point(points, time, made);
  }
  series.points = std::move(points);
  return series;
}

double reduce_values(std::string_view function, const std::vector<double>& values, std::size_t of) {
  if (function == "DATAPOINT_COUNT") return static_cast<double>(values.size());
  if (values.empty()) return function == "SUM" ? 0 : NAN;
  if (function == "MIN") return std::ranges::min(values);
  if (function == "MAX") return std::ranges::max(values);
  double sum = 0;
  for (const double value : values) sum += value;
  if (function == "SUM") return sum;
  const auto count = static_cast<double>(of);
  if (function == "AVG") return sum / count;
  double squares = 0;
  for (const double value : values) squares += (value - sum / count) * (value - sum / count);
  return std::sqrt(squares / count);
}

std::optional<double> value_at(const Value& value, Time time) {
  if (value.kind == Value::Kind::kScalar) return value.scalar;
  const auto& points = value.series.front().points;
  const auto found = std::ranges::lower_bound(points, time, {}, &Point::time);
  if (found == points.end() || found->time != time) return std::nullopt;
  return found->value;
}

}  // namespace

std::unexpected<Error> bad_math(std::string message) {
  return fail("ValidationError", std::move(message));
}

Result<Value> combine(std::string_view operation, Value left, Value right) {
  using Kind = Value::Kind;
  if (left.kind == Kind::kScalar && right.kind == Kind::kScalar) {
    const double number = compute(operation, left.scalar, right.scalar);
    if (!std::isfinite(number)) return bad_math("A number is divided by 0 or grows too large.");
    return Value::of(number);
  }
  if (left.kind == Kind::kArray && right.kind == Kind::kArray) {
    return bad_math("The operator " + std::string(operation) + " does not take two arrays of time series.");
  }
  if (left.kind == Kind::kScalar || right.kind == Kind::kScalar) {
    const bool scalar_first = left.kind == Kind::kScalar;
    const double number = scalar_first ? left.scalar : right.scalar;
    return each(std::move(scalar_first ? right : left), [&](TimeSeries series) {
      std::vector<Point> points;
      points.reserve(series.points.size());
      for (const Point& point : series.points) {
        add_point(points, point.time,
                  scalar_first ? compute(operation, number, point.value) : compute(operation, point.value, number));
      }
      series.points = std::move(points);
      return series;
    });
  }
  if (right.kind == Kind::kArray) {
    const TimeSeries one = std::move(left.series.front());
    return each(std::move(right), [&](const TimeSeries& series) {
      TimeSeries made = combine_series(operation, one, series);
      made.id = series.id;
      made.label = series.label;
      return made;
    });
  }
  const TimeSeries one = std::move(right.series.front());
  return each(std::move(left), [&](const TimeSeries& series) { return combine_series(operation, series, one); });
}

Result<Value> transform(std::string_view function, Value value) {
  if (value.kind == Value::Kind::kScalar) {
    return bad_math("The function " + std::string(function) + " takes time series.");
  }
  return each(std::move(value), [&](TimeSeries series) { return transform_series(function, std::move(series)); });
}

double reduce(std::string_view function, const TimeSeries& series) {
  std::vector<double> values;
  values.reserve(series.points.size());
  for (const Point& point : series.points) values.push_back(point.value);
  const double number = reduce_values(function, values, values.size());
  return std::isfinite(number) ? number : 0;
}

Result<Value> reduce(std::string_view function, const Value& value) {
  if (value.kind == Value::Kind::kScalar) {
    return bad_math("The function " + std::string(function) + " takes time series.");
  }
  if (value.kind == Value::Kind::kSeries) return Value::of(reduce(function, value.series.front()));
  std::vector<Point> all;
  TimeSeries result;
  for (const TimeSeries& series : value.series) {
    all.insert(all.end(), series.points.begin(), series.points.end());
    result.period = std::max(result.period, series.period);
  }
  std::ranges::stable_sort(all, {}, &Point::time);
  std::vector<double> values;
  for (std::size_t i = 0; i < all.size(); ++i) {
    values.push_back(all[i].value);
    if (i + 1 < all.size() && all[i + 1].time == all[i].time) continue;
    // "Missing values are treated as 0" in AVG, and are none in the others.
    const std::size_t of = function == "AVG" ? value.series.size() : values.size();
    add_point(result.points, all[i].time, reduce_values(function, values, of));
    values.clear();
  }
  return Value::of(std::move(result));
}

TimeSeries constant(double value, const MathContext& context) {
  TimeSeries series{"", "", context.period, {}};
  for (Time time = context.start; time < context.end; time += context.period) series.points.push_back({time, value});
  return series;
}

TimeSeries calendar(std::string_view function, const MathContext& context) {
  TimeSeries series = constant(0, context);
  for (auto& [time, value] : series.points) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const auto minutes = std::chrono::floor<std::chrono::minutes>(time - day).count();
    if (function == "MINUTE") value = static_cast<double>(minutes % 60);
    if (function == "HOUR") value = static_cast<double>(minutes / 60);
    if (function == "DAY") value = std::chrono::weekday(day).iso_encoding();
    if (function == "DATE") value = static_cast<unsigned>(date.day());
    if (function == "MONTH") value = static_cast<unsigned>(date.month());
    if (function == "YEAR") value = static_cast<int>(date.year());
    if (function == "EPOCH") value = static_cast<double>(time.time_since_epoch().count() / 1000);
  }
  return series;
}

Result<Value> choose(Value condition, const Value& then, const Value* otherwise, const MathContext& context) {
  using Kind = Value::Kind;
  if (condition.kind == Kind::kArray || then.kind == Kind::kArray ||
      (otherwise != nullptr && otherwise->kind == Kind::kArray)) {
    return bad_math("The function IF does not take arrays of time series.");
  }
  if (condition.kind == Kind::kScalar) {
    const Value* chosen = condition.scalar != 0 ? &then : otherwise;
    if (chosen == nullptr) return Value::of(TimeSeries{"", "", context.period, {}});
    return *chosen;
  }
  TimeSeries result{"", "", condition.series.front().period, {}};
  for (const auto& [time, value] : condition.series.front().points) {
    std::optional<double> chosen;
    if (value != 0) chosen = value_at(then, time).value_or(0);
    if (value == 0 && otherwise != nullptr) chosen = value_at(*otherwise, time);
    if (chosen) result.points.push_back({time, *chosen});
  }
  return Value::of(std::move(result));
}

TimeSeries fill(TimeSeries series, Filler filler, const Value& with, const MathContext& context) {
  TimeSeries result{series.id, series.label, series.period, {}};
  const auto& points = series.points;
  std::size_t next = 0;  // the first point at or after the time
  for (Time time = context.start; time < context.end; time += context.period) {
    while (next < points.size() && points[next].time < time) ++next;
    if (next < points.size() && points[next].time == time) {
      result.points.push_back(points[next]);
      continue;
    }
    std::optional<double> value;
    if (filler == Filler::kValue) {
      value = value_at(with, time);
    } else if (next > 0) {
      value = points[next - 1].value;
      if (filler == Filler::kLinear) {
        value.reset();
        if (next < points.size()) {
          const Point& before = points[next - 1];
          const double share = static_cast<double>((time - before.time).count()) /
                               static_cast<double>((points[next].time - before.time).count());
          value = before.value + share * (points[next].value - before.value);
        }
      }
    }
    if (value) result.points.push_back({time, *value});
  }
  return result;
}

}  // namespace signalbox::cloudwatch
