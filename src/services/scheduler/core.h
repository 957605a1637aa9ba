// What the parts of the scheduler share.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cloud/services.h"
#include "cloud/table.h"
#include "cloud/turns.h"
#include "schedule/schedule.h"
#include "services/scheduler/records.h"
#include "services/scheduler/target.h"

namespace signalbox::scheduler {

/// A schedule as it is timed and invoked: compiled once, never changed, replaced as a whole.
struct Schedule {
  using Id = ScheduleId;
  ScheduleId id;
  ScheduleRecord record;
  schedule::Schedule expression;
  schedule::Zone zone;
  Target target;

  /// The first scheduled time after `seen`; none when it is over.
  std::optional<Time> next(Time seen) const;
  /// When what is scheduled for that time is invoked: later, in a flexible time window, and always the same.
  Time invoked_at(Time scheduled) const;
};
using SchedulePtr = std::shared_ptr<const Schedule>;
using GroupPtr = std::shared_ptr<const Group>;

/// Errors: ValidationException.
Result<SchedulePtr> compile_schedule(const cloud::House& house, ScheduleId id, ScheduleRecord record, bool check);

/// A time that came due, of a schedule as it was when its alarm was set.
struct DueTime {
  SchedulePtr schedule;
  Time scheduled;
};

/// Schedules that are changed and invoked one at a time, on one shard: each belongs to one of these by its name.
struct Stripe {
  cloud::Shard* shard = nullptr;
  cloud::Turns turns;
  std::map<ScheduleId, Alarms::Handle> alarms;
  std::vector<DueTime> due;
};

struct Figures {
  explicit Figures(Metrics& metrics);
  Counter& invoked;
  Counter& dropped;
};

struct Core;

/// How far schedules have been seen to is kept as their alarms.
class Marks final : public store::Follower {
 public:
  explicit Marks(Core& core) : core_(core) {}
  void put(std::string_view key, std::string_view value) override;
  void erase(std::string_view key) override;
  void erase_range(std::string_view from, std::string_view to) override;

 private:
  Core& core_;
};

struct Core {
  explicit Core(const cloud::House& with);

  Result<void> load();
  Stripe& stripe_of(const ScheduleId& id);
  std::span<Stripe> stripes() { return stripes_; }
  /// Every scope has the default group. Null when there is none. Any thread, as all of these.
  GroupPtr find_group(const GroupId& id) const;
  /// The groups of a scope behind `after` by name.
  std::vector<GroupPtr> groups_behind(const cloud::Scope& scope, std::string_view after) const;
  /// Visits the schedules of a group, or of all where `group` is "", behind `after` by group and name, until `visit`
  /// returns false. `visit` is not to call back.
  void each_schedule(const cloud::Scope& scope, std::string_view group, const ScheduleId& after,
                     const std::function<bool(const SchedulePtr&)>& visit) const;

  const cloud::House house;
  Figures figures;
  cloud::Turns group_turns;  // on shard 0
  cloud::Table<Group> groups;
  cloud::Table<Schedule> schedules;

 private:
  static constexpr std::size_t kStripes = 64;
  std::array<Stripe, kStripes> stripes_;
  Marks marks_;
};

inline store::Key seen_key(const ScheduleId& id) {
  return store::key_of(kSeenSpace, id);
}

/// Sets the alarm for the next time after `seen`, in place of any other; none where there is no such schedule. On the
/// stripe's shard, or while loading.
void arm(Core& core, const ScheduleId& id, Time seen);
void disarm(Core& core, const ScheduleId& id);

/// Runs the coroutine `work()` where that schedule is changed, alone.
template <class Work>
auto in_turn(Stripe& stripe, Work work) -> std::invoke_result_t<Work&> {
  auto alone = [&]() -> std::invoke_result_t<Work&> {
    const auto turn = co_await stripe.turns.take();
    co_return co_await work();
  };
  co_return co_await cloud::on(*stripe.shard, std::ref(alone));
}

/// Erases the schedule and its mark. In the turn of its stripe.
asio::awaitable<Result<void>> erase_schedule(Core& core, ScheduleId id);

/// Ends the deletion of groups that a stop of the server has interrupted.
void go_on_deleting(Core& core);

void register_schedule_operations(Core& core);
void register_group_operations(Core& core);

std::unexpected<Error> no_such_group(std::string_view name);

}  // namespace signalbox::scheduler
