// Metric maths: what an expression makes of time series.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "services/cloudwatch/expression.h"

namespace signalbox::cloudwatch {

struct Point {
  Time time;
  double value;
};

struct TimeSeries {
  std::string id;  // of the query that it comes from; "" for one that was made
  std::string label;
  Duration period{0};
  std::vector<Point> points;  // ascending in time; where there is none, data is missing
};

/// A scalar, a time series, or an array of time series.
struct Value {
  enum class Kind { kScalar, kSeries, kArray };
  Kind kind = Kind::kScalar;
  double scalar = 0;
  std::vector<TimeSeries> series;  // one for kSeries

  static Value of(double number) { return {Kind::kScalar, number, {}}; }
  static Value of(TimeSeries one) { return {Kind::kSeries, 0, {std::move(one)}}; }
  static Value array(std::vector<TimeSeries> many) { return {Kind::kArray, 0, std::move(many)}; }
};

/// What an expression sees.
struct MathContext {
  /// The times that a full series has: from `start`, before `end`, `period` apart.
  Time start;
  Time end;
  Duration period;
  /// The value of another query. Errors: ValidationError for an id that there is not.
  std::function<Result<Value>(const std::string& id)> value_of;
  /// The metrics of the request, not its expressions, in order.
  std::function<Result<std::vector<TimeSeries>>()> metrics;
  /// The metrics that a search finds, with a statistic and period. Errors: ValidationError.
  std::function<Result<std::vector<TimeSeries>>(const std::string& search, const std::string& statistic, Duration)>
      search;
};

/// Errors: ValidationError, naming what does not fit together.
Result<Value> evaluate(const Expression& expression, const MathContext& context);

/// Points that one evaluation may make: what takes more is refused.
inline constexpr std::size_t kMaxMathPoints = 5'000'000;

}  // namespace signalbox::cloudwatch
