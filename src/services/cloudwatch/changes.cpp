#include "services/cloudwatch/changes.h"

#include <algorithm>
#include <utility>

#include "base/time_text.h"
#include "cloud/region_names.h"
#include "json/json.h"
#include "services/cloudwatch/alarm_history.h"
#include "services/cloudwatch/alarm_text.h"

namespace signalbox::cloudwatch {
namespace {

/// AWS's bound of a notification's subject.
constexpr std::size_t kMaxSubject = 100;

/// "ALARM: "high" in us-east-1"; what a subject cannot hold is left out.
std::string subject_of(const Alarm& alarm) {
  std::string name;
  for (const char c : alarm.name) {
    if (c >= ' ' && c < 127) name.push_back(c);
  }
  const std::string before = std::string(name_of(alarm.record.state)) + ": \"";
  const std::string behind = "\" in " + std::string(cloud::region_name(alarm.scope.region));
  return before + name.substr(0, kMaxSubject - before.size() - behind.size()) + behind;
}

/// A rule names alarms that name others: so many steps at most, as there can be no cycle.
constexpr int kMaxSteps = 100;

/// "Friday 14 January, 2022 17:24:49 UTC"
std::string long_time(Time time) {
  constexpr const char* kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  constexpr const char* kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::string two = to_iso8601(time);
  return std::string(kDays[std::chrono::weekday(day).c_encoding()]) + " " + two.substr(8, 2) + " " +
         kMonths[static_cast<unsigned>(date.month()) - 1] + ", " + two.substr(0, 4) + " " + two.substr(11, 8) + " UTC";
}

std::string triggering(const Alarm& child) {
  std::string text;
  json::Writer w(text);
  w.begin_object();
  w.key("triggeringAlarms");
  w.begin_array();
  w.begin_object();
  w.member("arn", child.arn());
  w.key("state");
  w.begin_object();
  w.member("value", name_of(child.record.state));
  w.member("timestamp", alarm_time(child.record.updated));
  w.end_object();
  w.end_object();
  w.end_array();
  w.end_object();
  return text;
}

}  // namespace

AlarmPtr Changes::find(std::string_view name) const {
  const auto changed = changed_.find(name);
  return changed != changed_.end() ? changed->second : set_.find(name);
}

void Changes::add_history(const Alarm& alarm, std::string_view type, std::string summary, std::string data) {
  m::AlarmHistoryItem item;
  item.alarm_name = alarm.name;
  item.alarm_type = alarm.record.composite ? m::alarm_type::kCompositeAlarm : m::alarm_type::kMetricAlarm;
  item.timestamp = now_;
  item.history_item_type = std::string(type);
  item.history_summary = std::move(summary);
  item.history_data = std::move(data);
  history_.emplace_back(alarm.name, std::move(item));
}

void Changes::configure(AlarmPtr alarm) {
  const AlarmPtr before = find(alarm->name);
  const bool created = !before;
  add_history(*alarm, m::history_item_type::kConfigurationUpdate,
              "Alarm \"" + alarm->name + "\" " + (created ? "created" : "updated"),
              configuration_history(*alarm, created ? "Create" : "Update"));
  events_.push_back(configuration_change(*alarm, created ? "create" : "update", before.get()));
  const std::string name = alarm->name;
  changed_[name] = std::move(alarm);
  if (created) entered_.insert(name);
}

void Changes::remove(const AlarmPtr& alarm) {
  add_history(*alarm, m::history_item_type::kConfigurationUpdate, "Alarm \"" + alarm->name + "\" deleted",
              configuration_history(*alarm, "Delete"));
  events_.push_back(configuration_change(*alarm, "delete", nullptr));
  changed_[alarm->name] = nullptr;
}

void Changes::replace(AlarmPtr alarm) {
  const std::string name = alarm->name;
  changed_[name] = std::move(alarm);
}

void Changes::enter(const AlarmPtr& alarm, State state, std::string reason, std::string data) {
  const AlarmRecord before = alarm->record;
  AlarmRecord record = before;
  record.state = state;
  record.reason = std::move(reason);
  record.reason_data = std::move(data);
  record.updated = now_;
  if (state == before.state) return replace(with_record(*alarm, std::move(record)));
  record.transitioned = now_;
  suppress_or_act(alarm, record, before);
  const AlarmPtr now = find(alarm->name);
  add_history(*now, m::history_item_type::kStateUpdate,
              "Alarm updated from " + std::string(name_of(before.state)) + " to " + std::string(name_of(state)),
              state_history(now->record, before));
  events_.push_back(state_change(*now, before));
  entered_.insert(alarm->name);
  follow_suppressor(now);
}

/// Puts the alarm in its new state, and its actions under way, unless its suppressor says otherwise.
void Changes::suppress_or_act(const AlarmPtr& alarm, AlarmRecord& record, const AlarmRecord& before) {
  const AlarmPtr suppressor = alarm->suppressor.empty() ? nullptr : find(alarm->suppressor);
  const bool was_suppressed = !before.suppressed_by.empty();
  record.suppressed_by.clear();
  record.suppressed_until = {};
  if (suppressor && suppressor->record.state == State::kAlarm) {
    record.suppressed_by = m::actions_suppressed_by::kAlarm;
  } else if (suppressor && record.state == State::kAlarm && *record.combined.actions_suppressor_wait_period > 0) {
    record.suppressed_by = m::actions_suppressed_by::kWaitPeriod;
    record.suppressed_until = now_ + std::chrono::seconds(*record.combined.actions_suppressor_wait_period);
  }
  const bool acts = record.suppressed_by.empty() && !(was_suppressed && record.state != State::kAlarm);
  replace(with_record(*alarm, std::move(record)));
  if (acts) act(*find(alarm->name), before);
}

void Changes::follow_suppressor(const AlarmPtr& suppressor) {
  std::vector<AlarmPtr> suppressed;
  for (const auto& [name, alarm] : set_.alarms) {
    const AlarmPtr now = find(name);
    if (now && now->suppressor == suppressor->name && !now->record.suppressed_by.empty()) suppressed.push_back(now);
  }
  for (const AlarmPtr& alarm : suppressed) {
    AlarmRecord record = alarm->record;
    if (suppressor->record.state == State::kAlarm) {
      record.suppressed_by = m::actions_suppressed_by::kAlarm;
      record.suppressed_until = {};
    } else if (record.suppressed_by == m::actions_suppressed_by::kAlarm) {
      record.suppressed_by = m::actions_suppressed_by::kExtensionPeriod;
      record.suppressed_until = now_ + std::chrono::seconds(*record.combined.actions_suppressor_extension_period);
    }
    replace(with_record(*alarm, std::move(record)));
    const AlarmPtr changed = find(alarm->name);
    if (changed->record.suppressed_until != Time{} && changed->record.suppressed_until <= now_)
      stop_suppressing(changed);
  }
}

void Changes::stop_suppressing(const AlarmPtr& alarm) {
  AlarmRecord record = alarm->record;
  record.suppressed_by.clear();
  record.suppressed_until = {};
  AlarmRecord before = record;
  before.state = State::kOk;
  const bool acts = record.state == State::kAlarm;
  replace(with_record(*alarm, std::move(record)));
  if (acts) act(*find(alarm->name), before);
}

void Changes::act(const Alarm& alarm, const AlarmRecord& before) {
  if (!alarm.record.actions_enabled) return;
  for (const std::string& arn : alarm.actions(alarm.record.state)) {
    const auto parsed = cloud::Arn::parse(arn);
    const bool is_function = parsed && parsed->service == "lambda";
    Action& action = actions_.emplace_back(
        Action{arn, alarm.name, is_function ? function_input(alarm, before) : notification(alarm, before)});
    if (!is_function) action.subject = subject_of(alarm);
  }
}

void Changes::cascade() {
  for (int step = 0; step < kMaxSteps && !entered_.empty(); ++step) {
    const auto entered = std::exchange(entered_, {});
    std::vector<AlarmPtr> affected;
    std::set<std::string, std::less<>> names;
    for (const auto& [name, alarm] : set_.alarms) names.insert(name);
    for (const auto& [name, alarm] : changed_) names.insert(name);
    for (const std::string& name : names) {
      const AlarmPtr alarm = find(name);
      if (!alarm || !alarm->rule) continue;
      const bool depends =
          std::ranges::any_of(alarm->children, [&](const auto& child) { return entered.contains(child); });
      if (depends || entered.contains(name)) affected.push_back(alarm);
    }
    for (const AlarmPtr& alarm : affected) {
      const bool is_true = alarm->rule->is_true([&](const std::string& child) {
        const AlarmPtr found = find(alarm_name_of(set_.scope, child));
        return found ? found->record.state : State::kInsufficientData;
      });
      const State state = is_true ? State::kAlarm : State::kOk;
      if (alarm->record.state == state) continue;
      AlarmPtr cause;
      for (const std::string& child : alarm->children) {
        if (entered.contains(child)) cause = find(child);
      }
      std::string reason = "AlarmRule is evaluated to " + std::string(is_true ? "true" : "false");
      if (cause) {
        reason = cause->arn() + " transitioned to " + std::string(name_of(cause->record.state)) + " at " +
                 long_time(cause->record.updated);
      }
      enter(alarm, state, std::move(reason), cause ? triggering(*cause) : "");
    }
  }
}

asio::awaitable<void> Changes::append_actions(store::Batch& batch, cloud::Settlement& settlement) {
  cloud::Outbox outbox(core_.house, {.service = "cloudwatch.amazonaws.com"});
  for (Action& action : actions_) {
    const auto parsed = cloud::Arn::parse(action.arn);
    cloud::EventDelivery delivery;
    delivery.payload = std::move(action.payload);
    delivery.source_arn = alarm_arn(set_.scope, action.alarm);
    if (parsed && parsed->service == "lambda") delivery.sender = "lambda.alarms.cloudwatch.amazonaws.com";
    if (!action.subject.empty()) delivery.attributes.emplace_back("Subject", std::move(action.subject));
    outbox.add(parsed ? core_.house.event_targets.find(*parsed) : nullptr, action.arn, std::move(delivery));
  }
  for (cloud::ServiceEvent& event : events_) outbox.announce(std::move(event));
  const auto failures = co_await outbox.append(batch, settlement);
  for (const auto& failure : failures) actions_[failure.delivery].error = failure.message;
  for (const Action& action : actions_) {
    const AlarmPtr alarm = find(action.alarm);
    if (!alarm) continue;
    const bool done = action.error.empty();
    add_history(*alarm, m::history_item_type::kAction,
                (done ? "Successfully executed action " : "Failed to execute action ") + action.arn,
                action_history(*alarm, action.arn, done, action.error));
  }
}

asio::awaitable<Result<void>> Changes::commit() {
  store::Batch batch;
  for (const auto& [name, alarm] : changed_) {
    if (alarm) {
      batch.put(alarm_key(set_.scope, name), store::encode(alarm->record));
    } else {
      batch.erase(alarm_key(set_.scope, name));
    }
  }
  cloud::Settlement settlement;
  co_await append_actions(batch, settlement);
  for (const auto& [name, item] : history_) put_history(set_, item, batch);
  Result<void> committed;
  if (!batch.empty()) committed = co_await core_.house.store.commit(std::move(batch));
  settlement.settle(committed.has_value());
  if (!committed) co_return committed;
  for (const auto& [name, alarm] : changed_) {
    const AlarmPtr before = set_.find(name);
    const bool same = before && alarm && before->edition == alarm->edition;
    if (before && !same) end_watching(core_, set_, *before);
    if (alarm) {
      set_.alarms[name] = alarm;
      if (!same) begin_watching(core_, set_, *alarm);
      if (!alarm->record.suppressed_by.empty()) wake(core_, set_, *alarm);
    } else {
      set_.alarms.erase(set_.alarms.find(name));
    }
  }
  arm(core_, set_);
  co_return committed;
}

}  // namespace signalbox::cloudwatch
