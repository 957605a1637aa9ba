#include "services/cloudwatch/alarm_text.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/time_text.h"
#include "cloud/region_names.h"
#include "json/json.h"
#include "services/cloudwatch/core.h"

namespace signalbox::cloudwatch {
namespace {

using json::Writer;

constexpr std::size_t kMaxHistoryData = 4095;

void optional_member(Writer& w, std::string_view name, const std::optional<std::string>& value) {
  if (value) w.member(name, *value);
}

void list_member(Writer& w, std::string_view name, const std::vector<std::string>& values) {
  w.key(name);
  w.begin_array();
  for (const std::string& value : values) w.string(value);
  w.end_array();
}

void write_state(Writer& w, const AlarmRecord& record) {
  w.begin_object();
  if (!record.suppressed_by.empty()) {
    w.member("actionsSuppressedBy", record.suppressed_by);
    w.member("actionsSuppressedReason", "Actions suppressed by " + record.suppressed_by);
  }
  w.member("reason", record.reason);
  if (!record.reason_data.empty()) w.member("reasonData", record.reason_data);
  w.member("timestamp", alarm_time(record.updated));
  w.member("value", name_of(record.state));
  w.end_object();
}

void write_stat(Writer& w, const MetricSource& source) {
  w.key("metricStat");
  w.begin_object();
  w.key("metric");
  w.begin_object();
  w.key("dimensions");
  w.begin_object();
  for (const auto& [name, value] : source.metric.dimensions) w.member(name, value);
  w.end_object();
  w.member("name", source.metric.name);
  w.member("namespace", source.metric.name_space);
  w.end_object();
  w.key("period");
  w.number(std::chrono::duration_cast<std::chrono::seconds>(source.period).count());
  w.member("stat", source.statistic.text());
  optional_member(w, "unit", source.unit);
  w.end_object();
}

/// The id of the metric of an alarm that is over one: a UUID, always the same for the alarm.
std::string metric_id(const Alarm& alarm) {
  std::string id = to_hex(sha256(alarm_arn(alarm.scope, alarm.name))).substr(0, 32);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) id.insert(dash, 1, '-');
  return id;
}

void write_metrics(Writer& w, const Alarm& alarm) {
  w.key("metrics");
  w.begin_array();
  for (const Query& query : alarm.queries->all()) {
    w.begin_object();
    if (!query.source && alarm.record.metric.metrics) {
      for (const m::MetricDataQuery& given : *alarm.record.metric.metrics) {
        if (*given.id == query.id) optional_member(w, "expression", given.expression);
      }
    }
    w.member("id", alarm.record.metric.metric_name ? metric_id(alarm) : query.id);
    if (!query.label.empty()) w.member("label", query.label);
    if (query.source) write_stat(w, *query.source);
    w.key("returnData");
    w.boolean(query.returns);
    w.end_object();
  }
  w.end_array();
}

/// What an alarm watches: in both kinds of events.
void write_watched(Writer& w, const Alarm& alarm) {
  if (!alarm.record.composite) return write_metrics(w, alarm);
  const m::PutCompositeAlarmInput& given = alarm.record.combined;
  if (given.actions_suppressor) {
    w.member("actionsSuppressor", *given.actions_suppressor);
    w.key("actionsSuppressorWaitPeriod");
    w.number(std::int64_t{*given.actions_suppressor_wait_period});
    w.key("actionsSuppressorExtensionPeriod");
    w.number(std::int64_t{*given.actions_suppressor_extension_period});
  }
  w.member("alarmRule", *given.alarm_rule);
}

/// The whole configuration, as a configuration change has it.
void write_configuration(Writer& w, const Alarm& alarm) {
  w.begin_object();
  write_watched(w, alarm);
  if (!alarm.record.composite) {
    const m::PutMetricAlarmInput& given = alarm.record.metric;
    w.key("evaluationPeriods");
    w.number(alarm.threshold.evaluation_periods);
    if (given.datapoints_to_alarm) {
      w.key("datapointsToAlarm");
      w.number(alarm.threshold.datapoints_to_alarm);
    }
    w.key("threshold");
    w.number(alarm.threshold.value);
    w.member("comparisonOperator", alarm.threshold.comparison);
    optional_member(w, "treatMissingData", given.treat_missing_data);
    optional_member(w, "evaluateLowSampleCountPercentile", given.evaluate_low_sample_count_percentile);
  }
  w.member("alarmName", alarm.name);
  if (!alarm.description().empty()) w.member("description", alarm.description());
  w.key("actionsEnabled");
  w.boolean(alarm.record.actions_enabled);
  w.member("timestamp", alarm_time(alarm.record.configured));
  list_member(w, "okActions", alarm.actions(State::kOk));
  list_member(w, "alarmActions", alarm.actions(State::kAlarm));
  list_member(w, "insufficientDataActions", alarm.actions(State::kInsufficientData));
  w.end_object();
}

void write_change(Writer& w, const Alarm& alarm, const AlarmRecord& before) {
  w.member("alarmName", alarm.name);
  w.key("configuration");
  w.begin_object();
  if (!alarm.description().empty()) w.member("description", alarm.description());
  write_watched(w, alarm);
  w.end_object();
  w.key("previousState");
  write_state(w, before);
  w.key("state");
  write_state(w, alarm.record);
}

/// "SAMPLE_COUNT" for "SampleCount".
std::string capitals(std::string_view statistic) {
  std::string out;
  for (const char c : statistic) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital && !out.empty()) out.push_back('_');
    out.push_back(capital ? c : static_cast<char>(c - 'a' + 'A'));
  }
  return out;
}

/// What a topic's subscribers see of a metric alarm.
void write_trigger(Writer& w, const Alarm& alarm) {
  const m::PutMetricAlarmInput& given = alarm.record.metric;
  w.begin_object();
  if (given.metric_name) {
    w.member("MetricName", *given.metric_name);
    w.member("Namespace", *given.namespace_);
    w.member("StatisticType", given.statistic ? "Statistic" : "ExtendedStatistic");
    given.statistic ? w.member("Statistic", capitals(*given.statistic))
                    : w.member("ExtendedStatistic", *given.extended_statistic);
    w.key("Unit");
    given.unit ? w.string(*given.unit) : w.null();
    w.key("Dimensions");
    w.begin_array();
    for (const auto& [name, value] : alarm.sources.front().dimensions) {
      w.begin_object();
      w.member("value", value);
      w.member("name", name);
      w.end_object();
    }
    w.end_array();
  } else {
    write_metrics(w, alarm);
  }
  w.key("Period");
  w.number(std::chrono::duration_cast<std::chrono::seconds>(alarm.period).count());
  w.key("EvaluationPeriods");
  w.number(alarm.threshold.evaluation_periods);
  if (given.datapoints_to_alarm) {
    w.key("DatapointsToAlarm");
    w.number(alarm.threshold.datapoints_to_alarm);
  }
  w.member("ComparisonOperator", alarm.threshold.comparison);
  w.key("Threshold");
  w.raw(decimal(alarm.threshold.value));
  w.member("TreatMissingData", given.treat_missing_data.value_or("missing"));
  w.member("EvaluateLowSampleCountPercentile", given.evaluate_low_sample_count_percentile.value_or(""));
  w.end_object();
}

template <class Write>
std::string bounded(Write write) {
  std::string text;
  Writer w(text);
  w.begin_object();
  w.member("version", "1.0");
  write(w);
  w.end_object();
  return text.size() <= kMaxHistoryData ? text : R"({"version":"1.0"})";
}

}  // namespace

std::string alarm_time(Time time) {
  std::string text = to_iso8601_millis(time);
  text.pop_back();
  return text + "+0000";
}

cloud::ServiceEvent state_change(const Alarm& alarm, const AlarmRecord& before) {
  std::string detail;
  Writer w(detail);
  w.begin_object();
  write_change(w, alarm, before);
  w.end_object();
  return {alarm.scope,   "aws.cloudwatch",  "CloudWatch Alarm State Change",
          {alarm.arn()}, std::move(detail), alarm.record.updated};
}

cloud::ServiceEvent configuration_change(const Alarm& alarm, std::string_view operation, const Alarm* before) {
  std::string detail;
  Writer w(detail);
  w.begin_object();
  w.member("alarmName", alarm.name);
  w.member("operation", operation);
  w.key("state");
  w.begin_object();
  w.member("value", name_of(alarm.record.state));
  w.member("timestamp", alarm_time(alarm.record.updated));
  w.end_object();
  w.key("configuration");
  write_configuration(w, alarm);
  if (before != nullptr) {
    w.key("previousConfiguration");
    write_configuration(w, *before);
  }
  w.end_object();
  return {alarm.scope, "aws.cloudwatch", "CloudWatch Alarm Configuration Change", {alarm.arn()}, std::move(detail), {}};
}

std::string notification(const Alarm& alarm, const AlarmRecord& before) {
  std::string text;
  Writer w(text);
  w.begin_object();
  w.member("AlarmName", alarm.name);
  w.key("AlarmDescription");
  alarm.description().empty() ? w.null() : w.string(alarm.description());
  w.member("AWSAccountId", alarm.scope.account);
  w.member("AlarmConfigurationUpdatedTimestamp", alarm_time(alarm.record.configured));
  w.member("NewStateValue", name_of(alarm.record.state));
  w.member("NewStateReason", alarm.record.reason);
  w.member("StateChangeTime", alarm_time(alarm.record.updated));
  w.member("Region", cloud::region_name(alarm.scope.region));
  w.member("AlarmArn", alarm.arn());
  w.member("OldStateValue", name_of(before.state));
  list_member(w, "OKActions", alarm.actions(State::kOk));
  list_member(w, "AlarmActions", alarm.actions(State::kAlarm));
  list_member(w, "InsufficientDataActions", alarm.actions(State::kInsufficientData));
  if (alarm.record.composite) {
    w.member("AlarmRule", *alarm.record.combined.alarm_rule);
  } else {
    w.key("Trigger");
    write_trigger(w, alarm);
  }
  w.end_object();
  return text;
}

std::string function_input(const Alarm& alarm, const AlarmRecord& before) {
  std::string text;
  Writer w(text);
  w.begin_object();
  w.member("source", "aws.cloudwatch");
  w.member("alarmArn", alarm.arn());
  w.member("accountId", alarm.scope.account);
  w.member("time", alarm_time(alarm.record.updated));
  w.member("region", alarm.scope.region);
  w.key("alarmData");
  w.begin_object();
  write_change(w, alarm, before);
  w.end_object();
  w.end_object();
  return text;
}

std::string state_history(const AlarmRecord& record, const AlarmRecord& before) {
  const auto write = [](Writer& w, std::string_view name, const AlarmRecord& of) {
    w.key(name);
    w.begin_object();
    w.member("stateValue", name_of(of.state));
    w.member("stateReason", of.reason);
    if (!of.reason_data.empty()) {
      w.key("stateReasonData");
      json::Document document;
      document.parse(of.reason_data) ? w.raw(of.reason_data) : w.string(of.reason_data);
    }
    w.end_object();
  };
  return bounded([&](Writer& w) {
    write(w, "oldState", before);
    write(w, "newState", record);
  });
}

std::string configuration_history(const Alarm& alarm, std::string_view type) {
  return bounded([&](Writer& w) {
    w.member("type", type);
    w.key(type == "Create" ? "createdAlarm" : type == "Delete" ? "deletedAlarm" : "updatedAlarm");
    write_configuration(w, alarm);
  });
}

std::string action_history(const Alarm& alarm, const std::string& action, bool succeeded, const std::string& error) {
  return bounded([&](Writer& w) {
    w.member("actionState", succeeded ? "Succeeded" : "Failed");
    w.member("stateUpdateTimestamp", alarm_time(alarm.record.updated));
    w.member("notificationResource", action);
    w.key("error");
    succeeded ? w.null() : w.string(error);
  });
}

std::string reason_data(const Alarm& alarm, Time now, Time start, const std::vector<Point>& datapoints) {
  const m::PutMetricAlarmInput& given = alarm.record.metric;
  std::string text;
  Writer w(text);
  w.begin_object();
  w.member("version", "1.0");
  w.member("queryDate", alarm_time(now));
  if (!datapoints.empty()) w.member("startDate", alarm_time(start));
  optional_member(w, "unit", given.unit);
  optional_member(w, "statistic", given.statistic ? given.statistic : given.extended_statistic);
  w.key("period");
  w.number(std::chrono::duration_cast<std::chrono::seconds>(alarm.period).count());
  w.key("recentDatapoints");
  w.begin_array();
  for (auto point = datapoints.rbegin(); point != datapoints.rend(); ++point) w.raw(decimal(point->value));
  w.end_array();
  w.key("threshold");
  w.raw(decimal(alarm.threshold.value));
  w.end_object();
  return text;
}

}  // namespace signalbox::cloudwatch
