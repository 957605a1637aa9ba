#include "services/scheduler/core.h"

#include <algorithm>

namespace signalbox::scheduler {
namespace {

// FNV-1a: the same in every process, as what it decides is to stay.
std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 14695981039346656037ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return h ^ (h >> 32U);
}

std::unexpected<Error> unreadable(const std::string& arn) {
  return fail("", arn + " cannot be read");
}

Result<GroupPtr> read_group(const GroupId& id, std::string_view value) {
  auto group = store::decode<Group>(value);
  if (!group) return unreadable(id.arn());
  return std::make_shared<const Group>(*std::move(group));
}

Result<SchedulePtr> read_schedule(const cloud::House& house, ScheduleId id, std::string_view value) {
  auto record = store::decode<ScheduleRecord>(value);
  if (!record) return unreadable(id.arn());
  return compile_schedule(house, std::move(id), *std::move(record), false);
}

}  // namespace

std::unexpected<Error> no_such_group(std::string_view name) {
  return fail("ResourceNotFoundException", "Schedule group " + std::string(name) + " does not exist.");
}

Figures::Figures(Metrics& metrics)
    : invoked(metrics.counter("signalbox_scheduler_invocations_total", "Times that schedules invoked their targets.")),
      dropped(metrics.counter("signalbox_scheduler_dropped_total", "Invocations that targets could not take.")) {}

Core::Core(const cloud::House& with)
    : house(with),
      figures(with.metrics),
      groups(kGroupSpace, with.log, read_group),
      schedules(kScheduleSpace, with.log,
                [this](ScheduleId id, std::string_view value) { return read_schedule(house, std::move(id), value); }),
      marks_(*this) {
  for (std::size_t i = 0; i < kStripes; ++i) stripes_[i].shard = &house.shards.at(i % house.shards.count());
}

Result<void> Core::load() {
  Result<void> done = groups.follow(house.store);
  if (done) done = schedules.follow(house.store);
  if (done) done = house.store.follow(kSeenSpace, marks_);
  return done;
}

void Marks::put(std::string_view key, std::string_view value) {
  auto id = store::id_of<ScheduleId>(key);
  const auto seen = store::decode<SeenRecord>(value);
  if (!id || !seen)
    return core_.house.log.error("a record cannot be read and is left out", {{"records", std::string(kSeenSpace)}});
  cloud::Shard& shard = *core_.stripe_of(*id).shard;
  shard.post([&core = core_, id = *std::move(id), seen = seen->value] { arm(core, id, seen); });
}

void Marks::erase(std::string_view key) {
  auto id = store::id_of<ScheduleId>(key);
  if (!id) return;
  cloud::Shard& shard = *core_.stripe_of(*id).shard;
  shard.post([&core = core_, id = *std::move(id)] { disarm(core, id); });
}

void Marks::erase_range(std::string_view, std::string_view) {}  // marks go with their schedules, one by one

Stripe& Core::stripe_of(const ScheduleId& id) {
  return stripes_[hash(id.arn()) % kStripes];
}

GroupPtr Core::find_group(const GroupId& id) const {
  GroupPtr group = groups.find(id);
  if (group || id.name != kDefaultGroup) return group;
  Group made;
  made.id = id;
  return std::make_shared<const Group>(std::move(made));
}

std::vector<GroupPtr> Core::groups_behind(const cloud::Scope& scope, std::string_view after) const {
  std::vector<GroupPtr> found;
  groups.each_from({scope, std::string(after)}, [&](const GroupPtr& group) {
    if (group->id.scope != scope) return false;
    if (group->id.name != after) found.push_back(group);
    return true;
  });
  if (after >= kDefaultGroup) return found;
  const auto at = std::ranges::lower_bound(found, kDefaultGroup, {},
                                           [](const GroupPtr& one) { return std::string_view(one->id.name); });
  if (at == found.end() || (*at)->id.name != kDefaultGroup) {
    found.insert(at, find_group({scope, std::string(kDefaultGroup)}));
  }
  return found;
}

void Core::each_schedule(const cloud::Scope& scope, std::string_view group, const ScheduleId& after,
                         const std::function<bool(const SchedulePtr&)>& visit) const {
  const ScheduleId from = std::max(after, ScheduleId{scope, std::string(group), ""});
  schedules.each_from(from, [&](const SchedulePtr& schedule) {
    const ScheduleId& id = schedule->id;
    if (id.scope != scope || (!group.empty() && id.group != group)) return false;
    return id == after || visit(schedule);
  });
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
