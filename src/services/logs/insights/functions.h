// The functions of expressions ("Boolean, comparison, numeric, datetime, and other functions" in the CloudWatch Logs
// User Guide).
#pragma once

#include <span>
#include <string_view>

#include "services/logs/insights/value.h"

namespace signalbox::logs::insights {

struct FunctionCall {
  std::span<const Value> arguments;
  Arena& arena;
  std::int64_t now;  // milliseconds: when the query began
};

struct Function {
  std::string_view name;  // in lower case
  std::size_t least;      // arguments
  std::size_t most;
  Value (*call)(const FunctionCall& call);
  bool period_last = false;  // the last argument is a period, as it is written: 5m
};

/// Null when there is none of that name, which is in lower case.
const Function* find_function(std::string_view name);

/// bin(5m), datefloor(@timestamp, 1h): the length of "5m" in milliseconds; 0 for an unknown unit. Months, quarters and
/// years, which are of no one length, are told by negative numbers of months.
std::int64_t period_of(double count, std::string_view unit);
/// The beginning of the period that the time is in.
double floor_to_period(double millis, std::int64_t period);

}  // namespace signalbox::logs::insights
