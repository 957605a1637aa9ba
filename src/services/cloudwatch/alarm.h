// An alarm: what it was told to be, its state, and what is made of both.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "models/cloudwatch.h"
#include "services/cloudwatch/alarm_rule.h"
#include "services/cloudwatch/alarm_state.h"
#include "services/cloudwatch/query.h"
#include "store/key.h"

namespace signalbox::cloudwatch {

using Tags = std::map<std::string, std::string, std::less<>>;

struct AlarmRecord {
  bool composite = false;
  m::PutMetricAlarmInput metric;       // or
  m::PutCompositeAlarmInput combined;  // as it was put; tags aside
  Tags tags;
  bool actions_enabled = true;
  Time configured{};
  State state = State::kInsufficientData;
  std::string reason;
  std::string reason_data;  // "" for none
  Time updated{};           // the state, or why it is so
  Time transitioned{};
  std::string suppressed_by;  // actions of a composite alarm: "WaitPeriod", "ExtensionPeriod", "Alarm"; "" for not
  Time suppressed_until{};    // of the periods
};

/// Compiled once, never changed, replaced as a whole.
struct Alarm {
  cloud::Scope scope;
  std::string name;
  AlarmRecord record;
  std::uint64_t edition = 0;  // of its configuration, while the server runs

  // Metric alarms.
  std::optional<Queries> queries;
  std::string watched;  // the id of the query that counts
  Threshold threshold;
  Duration period{0};
  std::vector<cloud::MetricId> sources;

  // Composite alarms.
  std::optional<AlarmRule> rule;
  std::set<std::string, std::less<>> children;  // names
  std::string suppressor;                       // name; "" for none

  std::string arn() const;
  const std::vector<std::string>& actions(State state) const;
  const std::string& description() const;
};
using AlarmPtr = std::shared_ptr<const Alarm>;

/// Errors: ValidationError and the like, with AWS's texts where they are known, naming fields that do not work here.
Result<AlarmPtr> compile_alarm(const cloud::Scope& scope, AlarmRecord record, std::uint64_t edition);
/// The same alarm with another record that says the same of what it watches.
AlarmPtr with_record(const Alarm& alarm, AlarmRecord record);

/// An alarm's name, of a name or an ARN of the scope; "" for an ARN of another.
std::string alarm_name_of(const cloud::Scope& scope, const std::string& name_or_arn);
std::string alarm_arn(const cloud::Scope& scope, std::string_view name);

inline constexpr std::string_view kAlarmSpace = "cloudwatch.alarm";
store::Key alarm_key(const cloud::Scope& scope, std::string_view name);
std::string encode(const AlarmRecord& record);
/// Empty optional on bytes that are no such record.
std::optional<AlarmRecord> decode_alarm(std::string_view bytes);

}  // namespace signalbox::cloudwatch
