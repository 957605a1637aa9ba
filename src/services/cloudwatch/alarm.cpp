#include "services/cloudwatch/alarm.h"

#include <algorithm>
#include <cmath>

#include "services/cloudwatch/core.h"

namespace signalbox::cloudwatch {
namespace {

constexpr std::size_t kMaxQueriesOfAlarm = 20;
constexpr auto kDay = std::chrono::hours(24);
constexpr auto kWeek = std::chrono::hours(24 * 7);
constexpr std::string_view kNotInAlarms[] = {"SEARCH", "MINUTE", "HOUR", "DAY", "DATE", "MONTH", "YEAR", "EPOCH"};

Result<void> check_fields(const m::PutMetricAlarmInput& given) {
  if (given.threshold_metric_id) return not_supported_yet("ThresholdMetricId", ": there is no anomaly detection");
  if (given.evaluation_criteria) return not_supported_yet("EvaluationCriteria", ": there are no PromQL alarms");
  if (given.evaluation_interval) return not_supported_yet("EvaluationInterval", ": there are no PromQL alarms");
  if (!given.comparison_operator) return missing_parameter("ComparisonOperator");
  if (given.comparison_operator->contains("Lower") || given.comparison_operator->contains("Upper")) {
    return not_supported_yet("ComparisonOperator " + *given.comparison_operator, ": there is no anomaly detection");
  }
  if (!given.threshold) return missing_parameter("Threshold");
  if (!std::isfinite(*given.threshold)) return invalid_value("The value for parameter Threshold must be a number.");
  if (!given.evaluation_periods) return missing_parameter("EvaluationPeriods");
  if (given.datapoints_to_alarm.value_or(1) > *given.evaluation_periods) {
    return invalid_value("The parameter DatapointsToAlarm must be less than or equal to EvaluationPeriods.");
  }
  const std::string low = given.evaluate_low_sample_count_percentile.value_or("evaluate");
  if (low != "evaluate" && low != "ignore") {
    return invalid_value("The value " + low + " for parameter EvaluateLowSampleCountPercentile is not supported.");
  }
  return {};
}

Result<Missing> missing_of(const std::optional<std::string>& text) {
  if (!text || *text == "missing") return Missing::kMissing;
  if (*text == "ignore") return Missing::kIgnore;
  if (*text == "breaching") return Missing::kBreaching;
  if (*text == "notBreaching") return Missing::kNotBreaching;
  return invalid_value("The value " + *text + " for parameter TreatMissingData is not supported.");
}

/// The queries of an alarm on one metric, as if they had been given.
Result<std::vector<m::MetricDataQuery>> single_query(const m::PutMetricAlarmInput& given) {
  if (!given.metric_name) return missing_parameter("MetricName");
  if (!given.namespace_) return missing_parameter("Namespace");
  if (!given.period) return missing_parameter("Period");
  if (given.statistic.has_value() == given.extended_statistic.has_value()) {
    return invalid_combination("Exactly one of the parameters Statistic and ExtendedStatistic must be specified.");
  }
  m::MetricDataQuery query;
  query.id = "m1";
  m::MetricStat& stat = query.metric_stat.emplace();
  stat.metric.emplace();
  stat.metric->namespace_ = given.namespace_;
  stat.metric->metric_name = given.metric_name;
  stat.metric->dimensions = given.dimensions;
  stat.period = given.period;
  stat.stat = given.statistic ? given.statistic : given.extended_statistic;
  stat.unit = given.unit;
  return std::vector<m::MetricDataQuery>{std::move(query)};
}

Result<void> check_expressions(const Queries& queries) {
  for (const Query& query : queries.all()) {
    if (!query.expression) continue;
    for (const std::string_view function : kNotInAlarms) {
      if (query.expression->functions().contains(function)) {
        return not_supported_yet("The function " + std::string(function) + " in the Metrics of an alarm");
      }
    }
  }
  return {};
}

Result<void> compile_metric(Alarm& alarm) {
  const m::PutMetricAlarmInput& given = alarm.record.metric;
  if (auto checked = check_fields(given); !checked) return checked;
  const auto missing = missing_of(given.treat_missing_data);
  if (!missing) return std::unexpected(missing.error());
  std::vector<m::MetricDataQuery> queries;
  if (given.metrics && !given.metrics->empty()) {
    if (given.metric_name || given.namespace_ || given.dimensions || given.period || given.unit || given.statistic ||
        given.extended_statistic) {
      return invalid_combination(
          "Metrics cannot be combined with MetricName, Namespace, Dimensions, Period, Unit, Statistic or "
          "ExtendedStatistic.");
    }
    if (given.metrics->size() > kMaxQueriesOfAlarm) return invalid_value("The collection Metrics is too large.");
    queries = *given.metrics;
  } else {
    auto single = single_query(given);
    if (!single) return std::unexpected(std::move(single).error());
    queries = *std::move(single);
  }
  auto compiled = Queries::compile(alarm.scope, queries);
  if (!compiled) return std::unexpected(std::move(compiled).error());
  if (auto checked = check_expressions(*compiled); !checked) return checked;
  const Query* watched = nullptr;
  std::set<Duration> periods;
  for (const Query& query : compiled->all()) {
    if (query.source) {
      alarm.sources.push_back(query.source->metric);
      periods.insert(query.period);
    }
    if (!query.returns) continue;
    if (watched != nullptr)
      return fail("ValidationError", "Exactly one element of the metrics list should return data.");
    watched = &query;
  }
  if (watched == nullptr) return fail("ValidationError", "Exactly one element of the metrics list should return data.");
  if (periods.size() > 1) return fail("ValidationError", "All metrics of an alarm must have the same period.");
  alarm.watched = watched->id;
  alarm.period = watched->period;
  const auto window = alarm.period * *given.evaluation_periods;
  if (window > (alarm.period >= std::chrono::hours(1) ? Duration(kWeek) : Duration(kDay))) {
    return fail("ValidationError",
                "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).");
  }
  alarm.threshold = {*given.comparison_operator, *given.threshold, *given.evaluation_periods,
                     given.datapoints_to_alarm.value_or(*given.evaluation_periods), *missing};
  alarm.queries = *std::move(compiled);
  return {};
}

Result<void> compile_composite(Alarm& alarm) {
  const m::PutCompositeAlarmInput& given = alarm.record.combined;
  auto rule = AlarmRule::parse(*given.alarm_rule);
  if (!rule) return std::unexpected(std::move(rule).error());
  for (const std::string& child : rule->alarms()) {
    std::string name = alarm_name_of(alarm.scope, child);
    if (name.empty())
      return fail("ValidationError", "AlarmRule refers to an alarm of another account or Region: " + child + ".");
    alarm.children.insert(std::move(name));
  }
  alarm.rule = *std::move(rule);
  const bool waits = given.actions_suppressor_wait_period && given.actions_suppressor_extension_period;
  if (given.actions_suppressor.has_value() != waits) {
    return fail(
        "ValidationError",
        "ActionsSuppressor, ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must be given together.");
  }
  if (!given.actions_suppressor) return {};
  if (*given.actions_suppressor_wait_period < 0 || *given.actions_suppressor_extension_period < 0) {
    return invalid_value("ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must be 0 or greater.");
  }
  alarm.suppressor = alarm_name_of(alarm.scope, *given.actions_suppressor);
  if (alarm.suppressor.empty())
    return fail("ValidationError", "ActionsSuppressor is an alarm of another account or Region.");
  return {};
}

}  // namespace

store::Key alarm_key(const cloud::Scope& scope, std::string_view name) {
  return store::Key(kAlarmSpace).text(scope.account).text(scope.region).text(name);
}

std::string alarm_arn(const cloud::Scope& scope, std::string_view name) {
  return cloud::make_arn("cloudwatch", scope, "alarm:" + std::string(name));
}

std::string alarm_name_of(const cloud::Scope& scope, const std::string& name_or_arn) {
  if (!name_or_arn.starts_with("arn:")) return name_or_arn;
  const auto arn = cloud::Arn::parse(name_or_arn);
  constexpr std::string_view kAlarm = "alarm:";
  if (!arn || arn->service != "cloudwatch" || arn->scope() != scope || !arn->resource.starts_with(kAlarm)) return "";
  return arn->resource.substr(kAlarm.size());
}

std::string Alarm::arn() const {
  return alarm_arn(scope, name);
}

const std::vector<std::string>& Alarm::actions(State state) const {
  static const std::vector<std::string> none;
  const auto of = [&](const auto& given) -> const std::vector<std::string>& {
    const auto& list = state == State::kOk      ? given.ok_actions
                       : state == State::kAlarm ? given.alarm_actions
                                                : given.insufficient_data_actions;
    return list ? *list : none;
  };
  return record.composite ? of(record.combined) : of(record.metric);
}

const std::string& Alarm::description() const {
  static const std::string none;
  const auto& given = record.composite ? record.combined.alarm_description : record.metric.alarm_description;
  return given ? *given : none;
}

Result<AlarmPtr> compile_alarm(const cloud::Scope& scope, AlarmRecord record, std::uint64_t edition) {
  auto alarm = std::make_shared<Alarm>();
  alarm->scope = scope;
  alarm->edition = edition;
  alarm->name = record.composite ? *record.combined.alarm_name : *record.metric.alarm_name;
  alarm->record = std::move(record);
  Result<void> done = alarm->record.composite ? compile_composite(*alarm) : compile_metric(*alarm);
  if (!done) return std::unexpected(std::move(done).error());
  return alarm;
}

AlarmPtr with_record(const Alarm& alarm, AlarmRecord record) {
  // Compiled before from what the record says still.
  auto again = compile_alarm(alarm.scope, std::move(record), alarm.edition);
  return *again;
}

}  // namespace signalbox::cloudwatch
