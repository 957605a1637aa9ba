// What data makes of a metric alarm ("Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data" in
// the CloudWatch User Guide). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "services/cloudwatch/math.h"

namespace signalbox::cloudwatch {

enum class State { kOk, kAlarm, kInsufficientData };
/// "OK", "ALARM", "INSUFFICIENT_DATA".
std::string_view name_of(State state);
std::optional<State> state_of(std::string_view name);

enum class Missing { kMissing, kNotBreaching, kBreaching, kIgnore };

struct Threshold {
  std::string comparison;  // GreaterThanThreshold ...
  double value = 0;
  std::int64_t evaluation_periods = 1;   // N
  std::int64_t datapoints_to_alarm = 1;  // M
  Missing missing = Missing::kMissing;

  bool is_breached_by(double value) const;
};

/// Periods that are looked at, the newest included: some more than count, for where data is missing.
std::size_t evaluation_range(const Threshold& threshold);

struct Verdict {
  std::optional<State> state;  // none: as it was
  std::string reason;
  std::vector<Point> datapoints;  // that it was made of, newest first
};

/// `slots` has the evaluation range, newest first; an empty one is missing.
Verdict judge(const Threshold& threshold, const std::vector<std::optional<Point>>& slots);

/// As AWS prints numbers: "50.0".
std::string decimal(double value);

}  // namespace signalbox::cloudwatch
