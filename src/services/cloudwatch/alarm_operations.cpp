// PutMetricAlarm, PutCompositeAlarm, DeleteAlarms, SetAlarmState, EnableAlarmActions, DisableAlarmActions.
#include <algorithm>

#include "json/json.h"
#include "services/cloudwatch/changes.h"
#include "services/cloudwatch/tags.h"

namespace signalbox::cloudwatch {
namespace {

using cloud::Call;

/// AWS's quotas.
constexpr std::size_t kMaxAlarms = 5000;
constexpr std::size_t kMaxDeleted = 100;

Result<void> check_actions(Core& core, std::string_view field, const std::optional<std::vector<std::string>>& actions) {
  if (!actions) return {};
  for (const std::string& action : *actions) {
    const auto arn = cloud::Arn::parse(action);
    if (!arn) return fail("ValidationError", "Invalid arn syntax: " + action);
    cloud::EventTarget* const kind = core.house.event_targets.find(*arn);
    if ((arn->service != "sns" && arn->service != "lambda") || kind == nullptr) {
      return not_supported_yet(field, ": an action of kind " + arn->service + " (" + action + ")");
    }
    cloud::TargetParameters parameters;
    parameters.id = action;
    if (auto checked = kind->check(*arn, parameters); !checked) {
      return fail("ValidationError", std::string(field) + ": " + checked.error().message);
    }
  }
  return {};
}

template <class Input>
Result<void> check_all_actions(Core& core, const Input& input) {
  Result<void> checked = check_actions(core, "AlarmActions", input.alarm_actions);
  if (checked) checked = check_actions(core, "OKActions", input.ok_actions);
  if (checked) checked = check_actions(core, "InsufficientDataActions", input.insufficient_data_actions);
  return checked;
}

Result<Tags> tags_of(const std::optional<std::vector<m::Tag>>& given) {
  Tags tags;
  Result<void> put = put_tags(tags, cloud::tag_list(given));
  if (!put) return std::unexpected(std::move(put).error());
  return tags;
}

/// What alarms that are kept already are not asked for. Errors: ValidationError, InvalidParameterValueException.
Result<void> check_metrics(const m::PutMetricAlarmInput& given) {
  constexpr std::int32_t kShort[] = {10, 20, 30};
  if (given.period && *given.period % 60 != 0 && std::ranges::count(kShort, *given.period) == 0) {
    return fail("ValidationError", "Period must be 10, 20, 30 or a multiple of 60");
  }
  Result<void> checked = check_dimensions(given.dimensions, "Dimensions");
  if (!checked || !given.metrics) return checked;
  for (std::size_t i = 0; checked && i < given.metrics->size(); ++i) {
    const auto& stat = (*given.metrics)[i].metric_stat;
    if (!stat) continue;
    checked = check_dimensions(stat->metric->dimensions,
                               "Metrics.member." + std::to_string(i + 1) + ".MetricStat.Metric.Dimensions");
  }
  return checked;
}

/// The record of an alarm that is put: with the state of the one that it replaces.
AlarmRecord fresh_record(const AlarmPtr& before, Time now) {
  AlarmRecord record;
  record.configured = now;
  record.reason = "Unchecked: Initial alarm creation";
  record.updated = now;
  record.transitioned = now;
  if (!before) return record;
  record.state = before->record.state;
  record.reason = before->record.reason;
  record.reason_data = before->record.reason_data;
  record.updated = before->record.updated;
  record.transitioned = before->record.transitioned;
  record.tags = before->record.tags;  // "the tags that you specify ... are ignored" for an alarm that exists
  return record;
}

/// In the set's turn.
Result<void> check_place(const AlarmSet& set, const std::string& name, bool composite) {
  const AlarmPtr before = set.find(name);
  if (before && before->record.composite != composite) {
    return fail("ValidationError", "An alarm of another type has the name " + name + ".");
  }
  if (!before && set.alarms.size() >= kMaxAlarms) {
    return fail("LimitExceededFault", "The maximum limit of " + std::to_string(kMaxAlarms) + " alarms is reached.");
  }
  return {};
}

/// Whether `name` would need itself, through the alarms that it refers to.
bool is_cyclic(const AlarmSet& set, const Alarm& alarm) {
  std::set<std::string, std::less<>> seen;
  std::vector<std::string> open(alarm.children.begin(), alarm.children.end());
  while (!open.empty()) {
    const std::string child = std::move(open.back());
    open.pop_back();
    if (child == alarm.name) return true;
    if (!seen.insert(child).second) continue;
    const AlarmPtr found = set.find(child);
    if (found) open.insert(open.end(), found->children.begin(), found->children.end());
  }
  return false;
}

Result<void> check_children(const AlarmSet& set, const Alarm& alarm) {
  for (const std::string& child : alarm.children) {
    if (!set.find(child) && child != alarm.name) {
      return fail("ValidationError",
                  "Could not save the composite alarm as alarm " + child + " in the alarm rule doesn't exist");
    }
  }
  if (is_cyclic(set, alarm)) {
    return fail("ValidationError", "Could not save the composite alarm as there is a cycle in the alarm rule");
  }
  if (!alarm.suppressor.empty() && !set.find(alarm.suppressor)) {
    return fail("ValidationError",
                "Could not save the composite alarm as the actions suppressor " + alarm.suppressor + " doesn't exist");
  }
  return {};
}

asio::awaitable<Result<void>> put_alarm(Core& core, AlarmSet& set, AlarmRecord given) {
  co_return co_await in_turn(set, [&]() -> asio::awaitable<Result<void>> {
    const std::string name = given.composite ? *given.combined.alarm_name : *given.metric.alarm_name;
    if (auto checked = check_place(set, name, given.composite); !checked) co_return checked;
    Changes changes(core, set);
    const AlarmPtr before = set.find(name);
    AlarmRecord record = fresh_record(before, changes.now());
    if (!before) record.tags = std::move(given.tags);
    record.composite = given.composite;
    record.metric = std::move(given.metric);
    record.combined = std::move(given.combined);
    record.actions_enabled = given.actions_enabled;
    auto alarm = compile_alarm(set.scope, std::move(record), set.next_edition++);
    if (!alarm) co_return std::unexpected(std::move(alarm).error());
    if (auto checked = check_children(set, **alarm); !checked) co_return checked;
    const bool composite = (*alarm)->rule.has_value();
    changes.configure(*std::move(alarm));
    if (composite) changes.evaluate(name);
    changes.cascade();
    co_return co_await changes.commit();
  });
}

asio::awaitable<Result<m::PutMetricAlarmResponse>> put_metric_alarm(Core& core, const Call& call,
                                                                    m::PutMetricAlarmInput request) {
  if (auto checked = check_metrics(request); !checked) co_return std::unexpected(std::move(checked).error());
  if (auto checked = check_all_actions(core, request); !checked) co_return std::unexpected(std::move(checked).error());
  auto tags = tags_of(request.tags);
  if (!tags) co_return std::unexpected(std::move(tags).error());
  AlarmRecord record;
  record.tags = *std::move(tags);
  request.tags.reset();
  record.actions_enabled = request.actions_enabled.value_or(true);
  record.metric = std::move(request);
  Result<void> done = co_await put_alarm(core, core.alarms.of(call.scope), std::move(record));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::PutMetricAlarmResponse{};
}

asio::awaitable<Result<m::PutCompositeAlarmResponse>> put_composite_alarm(Core& core, const Call& call,
                                                                          m::PutCompositeAlarmInput request) {
  if (auto checked = check_all_actions(core, request); !checked) co_return std::unexpected(std::move(checked).error());
  auto tags = tags_of(request.tags);
  if (!tags) co_return std::unexpected(std::move(tags).error());
  AlarmRecord record;
  record.composite = true;
  record.tags = *std::move(tags);
  request.tags.reset();
  record.actions_enabled = request.actions_enabled.value_or(true);
  record.combined = std::move(request);
  Result<void> done = co_await put_alarm(core, core.alarms.of(call.scope), std::move(record));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::PutCompositeAlarmResponse{};
}

/// The alarm that depends on `name` and is not among `leaving`; null when there is none.
AlarmPtr dependent_of(const AlarmSet& set, const std::string& name, const std::vector<std::string>& leaving) {
  for (const auto& [other, alarm] : set.alarms) {
    const bool depends = alarm->children.contains(name) || alarm->suppressor == name;
    if (depends && std::ranges::count(leaving, other) == 0) return alarm;
  }
  return nullptr;
}

asio::awaitable<Result<m::DeleteAlarmsResponse>> delete_alarms(Core& core, const Call& call,
                                                               m::DeleteAlarmsInput request) {
  if (request.alarm_names->size() > kMaxDeleted) co_return invalid_value("At most 100 alarms can be deleted at once.");
  AlarmSet& set = core.alarms.of(call.scope);
  Result<void> done = co_await in_turn(set, [&]() -> asio::awaitable<Result<void>> {
    Changes changes(core, set);
    for (const std::string& name : *request.alarm_names) {
      const AlarmPtr alarm = changes.find(name);
      if (!alarm) continue;
      if (const AlarmPtr other = dependent_of(set, name, *request.alarm_names)) {
        co_return fail("ValidationError", "Cannot delete " + name +
                                              " as there are composite alarm(s) depending on it: " + other->name + ".");
      }
      changes.remove(alarm);
    }
    if (changes.empty()) co_return Result<void>();
    co_return co_await changes.commit();
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DeleteAlarmsResponse{};
}

asio::awaitable<Result<m::SetAlarmStateResponse>> set_alarm_state(Core& core, const Call& call,
                                                                  m::SetAlarmStateInput request) {
  AlarmSet& set = core.alarms.of(call.scope);
  Result<void> done = co_await in_turn(set, [&]() -> asio::awaitable<Result<void>> {
    Changes changes(core, set);
    const AlarmPtr alarm = changes.find(*request.alarm_name);
    if (!alarm) co_return fail("ResourceNotFound", "Alarm " + *request.alarm_name + " does not exist");
    if (request.state_reason_data) {
      json::Document document;
      if (!document.parse(*request.state_reason_data)) {
        co_return fail("InvalidFormatFault", "StateReasonData is not valid JSON.");
      }
    }
    changes.enter(alarm, *state_of(*request.state_value), *request.state_reason,
                  request.state_reason_data.value_or(""));
    changes.cascade();
    Result<void> committed = co_await changes.commit();
    // It holds until the next evaluation.
    if (const AlarmPtr now = set.find(*request.alarm_name); committed && now && !now->rule) {
      set.evaluated[now->name] = changes.now();
      wake(core, set, *now);
    }
    co_return committed;
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::SetAlarmStateResponse{};
}

asio::awaitable<Result<void>> enable_actions(Core& core, cloud::Scope scope, std::vector<std::string> names, bool on) {
  AlarmSet& set = core.alarms.of(scope);
  co_return co_await in_turn(set, [&]() -> asio::awaitable<Result<void>> {
    Changes changes(core, set);
    for (const std::string& name : names) {
      const AlarmPtr alarm = changes.find(name);
      if (!alarm || alarm->record.actions_enabled == on) continue;
      AlarmRecord record = alarm->record;
      record.actions_enabled = on;
      record.configured = changes.now();
      changes.configure(with_record(*alarm, std::move(record)));
    }
    if (changes.empty()) co_return Result<void>();
    co_return co_await changes.commit();
  });
}

}  // namespace

void register_alarm_operations(Core& core) {
  cloud::Door& door = core.house.door;
  door.handle(m::kPutMetricAlarm, [&core](const Call& call, m::PutMetricAlarmInput request) {
    return put_metric_alarm(core, call, std::move(request));
  });
  door.handle(m::kPutCompositeAlarm, [&core](const Call& call, m::PutCompositeAlarmInput request) {
    return put_composite_alarm(core, call, std::move(request));
  });
  door.handle(m::kDeleteAlarms, [&core](const Call& call, m::DeleteAlarmsInput request) {
    return delete_alarms(core, call, std::move(request));
  });
  door.handle(m::kSetAlarmState, [&core](const Call& call, m::SetAlarmStateInput request) {
    return set_alarm_state(core, call, std::move(request));
  });
  door.handle(m::kEnableAlarmActions,
              [&core](const Call& call,
                      m::EnableAlarmActionsInput request) -> asio::awaitable<Result<m::EnableAlarmActionsResponse>> {
                Result<void> done = co_await enable_actions(core, call.scope, std::move(*request.alarm_names), true);
                if (!done) co_return std::unexpected(std::move(done).error());
                co_return m::EnableAlarmActionsResponse{};
              });
  door.handle(m::kDisableAlarmActions,
              [&core](const Call& call,
                      m::DisableAlarmActionsInput request) -> asio::awaitable<Result<m::DisableAlarmActionsResponse>> {
                Result<void> done = co_await enable_actions(core, call.scope, std::move(*request.alarm_names), false);
                if (!done) co_return std::unexpected(std::move(done).error());
                co_return m::DisableAlarmActionsResponse{};
              });
}

}  // namespace signalbox::cloudwatch
