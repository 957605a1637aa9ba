#include "services/scheduler/core.h"

namespace signalbox::scheduler {
namespace {

// FNV-1a: the same in every process, as what it decides is to stay.
std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 14695981039346656037ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return h ^ (h >> 32U);
}

}  // namespace

std::unexpected<Error> no_such_group(std::string_view name) {
  return fail("ResourceNotFoundException", "Schedule group " + std::string(name) + " does not exist.");
}

Figures::Figures(Metrics& metrics)
    : invoked(metrics.counter("signalbox_scheduler_invocations_total", "Times that schedules invoked their targets.")),
      dropped(metrics.counter("signalbox_scheduler_dropped_total", "Invocations that targets could not take.")) {}

Core::Core(const cloud::House& with) : house(with), figures(with.metrics) {
  for (std::size_t i = 0; i < kStripes; ++i) stripes_[i].shard = &house.shards.at(i % house.shards.count());
}

Stripe& Core::stripe_of(const ScheduleId& id) {
  return stripes_[hash(id.arn()) % kStripes];
}

SchedulePtr Core::find(const ScheduleId& id) const {
  const std::shared_lock lock(mutex_);
  const auto found = schedules_.find(id);
  return found == schedules_.end() ? nullptr : *found;
}

std::optional<Group> Core::find_group(const cloud::Scope& scope, std::string_view name) const {
  const std::shared_lock lock(mutex_);
  if (const auto found = groups_.find(scope); found != groups_.end()) {
    if (const auto group = found->second.find(name); group != found->second.end()) return group->second;
  }
  if (name != kDefaultGroup) return std::nullopt;
  return Group{scope, std::string(kDefaultGroup), {}, {}, "", {}};
}

std::map<std::string, Group, std::less<>> Core::groups_of(const cloud::Scope& scope) const {
  const std::shared_lock lock(mutex_);
  std::map<std::string, Group, std::less<>> groups;
  if (const auto found = groups_.find(scope); found != groups_.end()) groups = found->second;
  groups.try_emplace(std::string(kDefaultGroup), Group{scope, std::string(kDefaultGroup), {}, {}, "", {}});
  return groups;
}

void Core::each_schedule(const cloud::Scope& scope, std::string_view group, const ScheduleId& after,
                         const std::function<bool(const SchedulePtr&)>& visit) const {
  const std::shared_lock lock(mutex_);
  for (auto at = schedules_.upper_bound(std::max(after, ScheduleId{scope, std::string(group), ""}));
       at != schedules_.end(); ++at) {
    const ScheduleId& id = (*at)->id;
    if (id.scope != scope || (!group.empty() && id.group != group) || !visit(*at)) return;
  }
}

void Core::put(SchedulePtr schedule) {
  const std::unique_lock lock(mutex_);
  if (const auto found = schedules_.find(schedule->id); found != schedules_.end()) schedules_.erase(found);
  schedules_.insert(std::move(schedule));
}

void Core::erase(const ScheduleId& id) {
  const std::unique_lock lock(mutex_);
  if (const auto found = schedules_.find(id); found != schedules_.end()) schedules_.erase(found);
}

void Core::put_group(Group group) {
  const std::unique_lock lock(mutex_);
  auto& groups = groups_[group.scope];
  groups[group.name] = std::move(group);
}

void Core::erase_group(const cloud::Scope& scope, std::string_view name) {
  const std::unique_lock lock(mutex_);
  auto& groups = groups_[scope];
  if (const auto found = groups.find(name); found != groups.end()) groups.erase(found);
}

Result<SchedulePtr> compile_schedule(const cloud::House& house, ScheduleId id, ScheduleRecord record, bool check) {
  auto expression = schedule::Schedule::parse(record.expression);
  if (!expression) {
    return fail("ValidationException", "Invalid Schedule Expression " + record.expression + ".");
  }
  const auto zone = schedule::Zone::find(record.zone);
  if (!zone) {
    return fail("ValidationException", "The ScheduleExpressionTimezone " + record.zone + " is not valid.");
  }
  if (record.start && record.end && *record.end <= *record.start) {
    return fail("ValidationException", "The EndDate must come after the StartDate.");
  }
  const auto target = compile_target(house, id, record.target, check);
  if (!target) return std::unexpected(target.error());
  return std::make_shared<const Schedule>(
      Schedule{std::move(id), std::move(record), *std::move(expression), *zone, *target});
}

std::optional<Time> Schedule::next(Time seen) const {
  // "EventBridge Scheduler ignores EndDate [and StartDate] for one-time schedules."
  if (expression.kind() == schedule::Schedule::Kind::kAt) return expression.next(seen, record.created, zone);
  const Time anchor = record.start.value_or(record.created);
  std::optional<Time> time;
  if (expression.kind() == schedule::Schedule::Kind::kRate && seen < anchor) {
    time = anchor;  // a rate begins where it counts from
  } else {
    time = expression.next(std::max(seen, anchor - Duration(1)), anchor, zone);
  }
  if (time && record.end && *time > *record.end) return std::nullopt;
  return time;
}

Time Schedule::invoked_at(Time scheduled) const {
  if (record.window_minutes == 0) return scheduled;
  const auto window = static_cast<std::uint64_t>(Duration(std::chrono::minutes(record.window_minutes)).count());
  const std::uint64_t chosen = hash(id.arn() + std::to_string(scheduled.time_since_epoch().count())) % window;
  return scheduled + Duration(static_cast<std::int64_t>(chosen));
}

}  // namespace signalbox::scheduler
