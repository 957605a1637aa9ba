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
#include "store/fields.h"
#include "store/key.h"
#include "wire/cbor_codec.h"

namespace signalbox::cloudwatch {

using Tags = std::map<std::string, std::string, std::less<>>;

/// What an alarm was told to be, kept as a request in CBOR: members that come with a newer model are none in older
/// records.
template <class Request>
struct RequestField {
  const wire::Shape& shape;
  Request& request;

  void write_field(store::FieldWriter& out) const {
    std::string bytes;
    wire::write_cbor(wire::CborDialect::kRpcV2, bytes, shape, &request);
    out.write(bytes);
  }
  bool read_field(store::FieldReader& in) const {
    return wire::read_cbor(wire::CborDialect::kRpcV2, shape, in.record().text_view(), &request).has_value();
  }
};
/// A state by its name.
template <class Value>
struct StateField {
  Value& state;

  void write_field(store::FieldWriter& out) const { out.write(name_of(state)); }
  bool read_field(store::FieldReader& in) const {
    const auto read = state_of(in.record().text_view());
    if (read) state = *read;
    return read.has_value();
  }
};

struct AlarmRecord {
  static constexpr std::uint8_t kVersion = 1;
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

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("composite", self.composite);
    if (self.composite) {
      field("combined", RequestField{*m::kPutCompositeAlarm.operation->input, self.combined});
    } else {
      field("metric", RequestField{*m::kPutMetricAlarm.operation->input, self.metric});
    }
    field("tags", self.tags)("actions_enabled", self.actions_enabled)("configured", self.configured);
    field("state", StateField{self.state})("reason", self.reason)("reason_data", self.reason_data);
    field("updated", self.updated)("transitioned", self.transitioned)("suppressed_by", self.suppressed_by);
    field("suppressed_until", self.suppressed_until);
  }
  bool restore() const {
    return composite ? combined.alarm_name && combined.alarm_rule : metric.alarm_name.has_value();
  }
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

}  // namespace signalbox::cloudwatch
