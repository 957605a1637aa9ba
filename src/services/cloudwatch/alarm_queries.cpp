// DescribeAlarms, DescribeAlarmsForMetric, DescribeAlarmHistory.
#include <algorithm>

#include "cloud/paging.h"
#include "services/cloudwatch/alarm_history.h"

namespace signalbox::cloudwatch {
namespace {

using cloud::Call;

constexpr std::int32_t kMaxAlarmsPage = 100;

/// What metric and composite alarms have in common; `given` is the request that made the alarm.
template <class Out, class Given>
Out describe_common(const Alarm& alarm, const Given& given) {
  const AlarmRecord& record = alarm.record;
  Out out;
  out.alarm_name = alarm.name;
  out.alarm_arn = alarm.arn();
  out.alarm_description = given.alarm_description;
  out.alarm_configuration_updated_timestamp = record.configured;
  out.actions_enabled = record.actions_enabled;
  out.ok_actions = alarm.actions(State::kOk);
  out.alarm_actions = alarm.actions(State::kAlarm);
  out.insufficient_data_actions = alarm.actions(State::kInsufficientData);
  out.state_value = std::string(name_of(record.state));
  out.state_reason = record.reason;
  if (!record.reason_data.empty()) out.state_reason_data = record.reason_data;
  out.state_updated_timestamp = record.updated;
  out.state_transitioned_timestamp = record.transitioned;
  return out;
}

m::MetricAlarm describe_metric(const Alarm& alarm) {
  const m::PutMetricAlarmInput& given = alarm.record.metric;
  auto out = describe_common<m::MetricAlarm>(alarm, given);
  out.metric_name = given.metric_name;
  out.namespace_ = given.namespace_;
  out.statistic = given.statistic;
  out.extended_statistic = given.extended_statistic;
  if (given.metric_name) out.dimensions = given.dimensions.value_or(std::vector<m::Dimension>());
  out.period = given.period;
  out.unit = given.unit;
  out.evaluation_periods = given.evaluation_periods;
  out.datapoints_to_alarm = given.datapoints_to_alarm;
  out.threshold = given.threshold;
  out.comparison_operator = given.comparison_operator;
  out.treat_missing_data = given.treat_missing_data;
  out.evaluate_low_sample_count_percentile = given.evaluate_low_sample_count_percentile;
  out.metrics = given.metrics;
  return out;
}

m::CompositeAlarm describe_composite(const Alarm& alarm) {
  const AlarmRecord& record = alarm.record;
  const m::PutCompositeAlarmInput& given = record.combined;
  auto out = describe_common<m::CompositeAlarm>(alarm, given);
  out.alarm_rule = given.alarm_rule;
  out.actions_suppressor = given.actions_suppressor;
  out.actions_suppressor_wait_period = given.actions_suppressor_wait_period;
  out.actions_suppressor_extension_period = given.actions_suppressor_extension_period;
  if (!record.suppressed_by.empty()) {
    out.actions_suppressed_by = record.suppressed_by;
    out.actions_suppressed_reason = "Actions suppressed by " + record.suppressed_by;
  }
  return out;
}

bool has_action(const Alarm& alarm, const std::string& prefix) {
  for (const State state : {State::kOk, State::kAlarm, State::kInsufficientData}) {
    for (const std::string& action : alarm.actions(state)) {
      if (action.starts_with(prefix)) return true;
    }
  }
  return false;
}

/// Names of the alarms that `name` needs or, the other way, that need it.
std::set<std::string, std::less<>> relatives(const AlarmSet& set, const std::string& name, bool children) {
  if (children) {
    const AlarmPtr alarm = set.find(name);
    return alarm ? alarm->children : std::set<std::string, std::less<>>();
  }
  std::set<std::string, std::less<>> parents;
  for (const auto& [other, alarm] : set.alarms) {
    if (alarm->children.contains(name)) parents.insert(other);
  }
  return parents;
}

bool wanted(const Alarm& alarm, const m::DescribeAlarmsInput& request) {
  if (request.alarm_names && std::ranges::count(*request.alarm_names, alarm.name) == 0) return false;
  if (request.alarm_name_prefix && !alarm.name.starts_with(*request.alarm_name_prefix)) return false;
  if (request.state_value && *request.state_value != name_of(alarm.record.state)) return false;
  if (request.action_prefix && !has_action(alarm, *request.action_prefix)) return false;
  // "If you omit this parameter, only metric alarms are returned, even if composite alarms exist.": named ones, too.
  if (!request.alarm_types) return !alarm.rule || request.children_of_alarm_name || request.parents_of_alarm_name;
  return std::ranges::count(*request.alarm_types,
                            alarm.rule ? m::alarm_type::kCompositeAlarm : m::alarm_type::kMetricAlarm) != 0;
}

Result<m::DescribeAlarmsOutput> describe(const AlarmSet& set, const m::DescribeAlarmsInput& request) {
  if (request.alarm_names && request.alarm_name_prefix) {
    return invalid_combination("AlarmNames and AlarmNamePrefix cannot be specified together.");
  }
  std::string after;
  if (request.next_token) {
    const auto token = cloud::read_page_token("DescribeAlarms", *request.next_token);
    if (!token) return fail("InvalidNextToken", "The NextToken is not valid.");
    after = *token;
  }
  std::optional<std::set<std::string, std::less<>>> related;
  for (const auto* of : {&request.children_of_alarm_name, &request.parents_of_alarm_name}) {
    if (*of) related = relatives(set, alarm_name_of(set.scope, **of), of == &request.children_of_alarm_name);
  }
  const auto most = static_cast<std::size_t>(request.max_records.value_or(kMaxAlarmsPage));
  m::DescribeAlarmsOutput output;
  output.metric_alarms.emplace();
  output.composite_alarms.emplace();
  output.log_alarms.emplace();
  std::string last;
  std::size_t count = 0;
  for (auto at = set.alarms.upper_bound(after); at != set.alarms.end(); ++at) {
    const Alarm& alarm = *at->second;
    if (!wanted(alarm, request) || (related && !related->contains(alarm.name))) continue;
    if (count++ == most) {
      output.next_token = cloud::make_page_token("DescribeAlarms", last);
      break;
    }
    last = alarm.name;
    if (alarm.rule) {
      output.composite_alarms->push_back(describe_composite(alarm));
    } else {
      output.metric_alarms->push_back(describe_metric(alarm));
    }
  }
  return output;
}

bool is_on(const Alarm& alarm, const MetricId& metric, const m::DescribeAlarmsForMetricInput& request) {
  const m::PutMetricAlarmInput& given = alarm.record.metric;
  if (alarm.rule || !given.metric_name || alarm.sources.front() != metric) return false;
  if (request.statistic && request.statistic != given.statistic) return false;
  if (request.extended_statistic && request.extended_statistic != given.extended_statistic) return false;
  if (request.period && request.period != given.period) return false;
  return !request.unit || request.unit == given.unit;
}

/// Runs the plain function `read(set)` on the shard of the caller's alarms.
template <class Out, class Read>
asio::awaitable<Result<Out>> on_set(Core& core, cloud::Scope scope, Read read) {
  AlarmSet& set = core.alarms.of(scope);
  co_return co_await cloud::on(set.shard, [&]() -> asio::awaitable<Result<Out>> { co_return read(set); });
}

}  // namespace

void register_alarm_queries(Core& core) {
  cloud::Door& door = core.house.door;
  door.handle(m::kDescribeAlarms, [&core](const Call& call, m::DescribeAlarmsInput request) {
    return on_set<m::DescribeAlarmsOutput>(
        core, call.scope, [request = std::move(request)](const AlarmSet& set) { return describe(set, request); });
  });
  door.handle(m::kDescribeAlarmsForMetric, [&core](const Call& call, m::DescribeAlarmsForMetricInput request) {
    return on_set<m::DescribeAlarmsForMetricOutput>(
        core, call.scope,
        [request = std::move(request)](const AlarmSet& set) -> Result<m::DescribeAlarmsForMetricOutput> {
          const auto metric = metric_of(set.scope, request.namespace_, request.metric_name, request.dimensions);
          if (!metric) return std::unexpected(metric.error());
          m::DescribeAlarmsForMetricOutput output;
          output.metric_alarms.emplace();
          for (const auto& [name, alarm] : set.alarms) {
            if (is_on(*alarm, *metric, request)) output.metric_alarms->push_back(describe_metric(*alarm));
          }
          return output;
        });
  });
  // Contributors are those of Metrics Insights queries and of PromQL alarms, which are not here.
  door.handle(m::kDescribeAlarmContributors, [&core](const Call& call, m::DescribeAlarmContributorsInput request) {
    return on_set<m::DescribeAlarmContributorsOutput>(
        core, call.scope,
        [name = *request.alarm_name](const AlarmSet& set) -> Result<m::DescribeAlarmContributorsOutput> {
          if (!set.find(name)) {
            return fail(m::errors::kResourceNotFoundException, "Alarm " + name + " does not exist");
          }
          m::DescribeAlarmContributorsOutput output;
          output.alarm_contributors.emplace();
          return output;
        });
  });
  door.handle(m::kDescribeAlarmHistory,
              [&core](const Call& call,
                      m::DescribeAlarmHistoryInput request) -> asio::awaitable<Result<m::DescribeAlarmHistoryOutput>> {
                if (request.alarm_contributor_id) co_return not_supported_yet("AlarmContributorId");
                co_return describe_history(core, call.scope, request);
              });
}

}  // namespace signalbox::cloudwatch
