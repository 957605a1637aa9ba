// The functions of metric maths, on values.
#pragma once

#include <vector>

#include "services/cloudwatch/math.h"

namespace signalbox::cloudwatch {

std::unexpected<Error> bad_math(std::string message);

/// One of + - * / ^ == != <= >= < > AND OR. Where only one series has a point the other counts as 0; what is no number
/// (a division by 0) is dropped.
Result<Value> combine(std::string_view operation, Value left, Value right);

/// ABS, CEIL, FLOOR, LOG, LOG10, DIFF, DIFF_TIME, RATE, RUNNING_SUM: each series by itself.
Result<Value> transform(std::string_view function, Value value);
/// AVG, SUM, MIN, MAX, STDDEV, DATAPOINT_COUNT: one series to a number, several to one series.
Result<Value> reduce(std::string_view function, const Value& value);
double reduce(std::string_view function, const TimeSeries& series);
/// MINUTE, HOUR, DAY, DATE, MONTH, YEAR, EPOCH of each time of a full series.
TimeSeries calendar(std::string_view function, const MathContext& context);
/// Every time of the context, with that value.
TimeSeries constant(double value, const MathContext& context);
Result<Value> choose(Value condition, const Value& then, const Value* otherwise, const MathContext& context);

enum class Filler { kValue, kRepeat, kLinear };
TimeSeries fill(TimeSeries series, Filler filler, const Value& with, const MathContext& context);

}  // namespace signalbox::cloudwatch
