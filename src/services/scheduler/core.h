// What the parts of the scheduler share.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "cloud/services.h"
#include "cloud/turns.h"
#include "schedule/schedule.h"
#include "services/scheduler/records.h"
#include "services/scheduler/target.h"

namespace signalbox::scheduler {

/// A schedule as it is timed and invoked: compiled once, never changed, replaced as a whole.
struct Schedule {
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

/// Errors: ValidationException.
Result<SchedulePtr> compile_schedule(const cloud::House& house, ScheduleId id, ScheduleRecord record, bool check);

/// A time that came due, of a schedule as it was when its alarm was set.
struct DueTime {
  SchedulePtr schedule;
  Time scheduled;
};

/// Orders schedules by their ids, so that nothing needs to keep an id twice.
struct ById {
  using is_transparent = void;
  static const ScheduleId& id_of(const SchedulePtr& schedule) { return schedule->id; }
  static const ScheduleId& id_of(const ScheduleId& id) { return id; }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return id_of(a) < id_of(b);
  }
};

/// Schedules that are changed and invoked one at a time, on one shard: each belongs to one of these by its name.
struct Stripe {
  cloud::Shard* shard = nullptr;
  cloud::Turns turns;
  std::map<SchedulePtr, Alarms::Handle, ById> alarms;
  std::vector<DueTime> due;
};

struct Figures {
  explicit Figures(Metrics& metrics);
  Counter& invoked;
  Counter& dropped;
};

struct Core {
  explicit Core(const cloud::House& with);

  Stripe& stripe_of(const ScheduleId& id);
  std::span<Stripe> stripes() { return stripes_; }
  /// Null when there is none. Any thread, as all of these.
  SchedulePtr find(const ScheduleId& id) const;
  std::optional<Group> find_group(const cloud::Scope& scope, std::string_view name) const;
  std::map<std::string, Group, std::less<>> groups_of(const cloud::Scope& scope) const;
  /// Visits the schedules of a group, or of all where `group` is "", behind `after` by group and name, until `visit`
  /// returns false. `visit` is not to call back.
  void each_schedule(const cloud::Scope& scope, std::string_view group, const ScheduleId& after,
                     const std::function<bool(const SchedulePtr&)>& visit) const;
  void put(SchedulePtr schedule);
  void erase(const ScheduleId& id);
  void put_group(Group group);
  void erase_group(const cloud::Scope& scope, std::string_view name);

  const cloud::House house;
  Figures figures;
  cloud::Turns group_turns;  // on shard 0

 private:
  static constexpr std::size_t kStripes = 64;
  std::array<Stripe, kStripes> stripes_;
  mutable std::shared_mutex mutex_;
  std::set<SchedulePtr, ById> schedules_;
  std::map<cloud::Scope, std::map<std::string, Group, std::less<>>> groups_;
};

/// Sets the alarm for the next time after `seen`, in place of any other. On the stripe's shard, or while loading.
void arm(Core& core, const SchedulePtr& schedule, Time seen);
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

/// Erases the schedule, its mark and its alarm. In the turn of its stripe.
asio::awaitable<Result<void>> erase_schedule(Core& core, ScheduleId id);

void register_schedule_operations(Core& core);
void register_group_operations(Core& core);

std::unexpected<Error> no_such_group(std::string_view name);

}  // namespace signalbox::scheduler
