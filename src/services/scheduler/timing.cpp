// Schedules that come due: all of one stripe that are due together share commits with the marks that they were seen to.
#include <algorithm>
#include <span>
#include <utility>

#include "cloud/outbox.h"
#include "services/scheduler/core.h"

namespace signalbox::scheduler {
namespace {

constexpr std::size_t kTogether = 500;
/// What is so late was not waited for: the server was down, or the clock jumped.
constexpr auto kLate = std::chrono::minutes(1);
/// After the store refused what schedules brought.
constexpr auto kTryAgain = std::chrono::seconds(1);

asio::awaitable<void> act_in_turn(Core& core, Stripe& stripe);

void set_alarm(Core& core, const DueTime& due, Time when) {
  disarm(core, due.schedule->id);
  Stripe& stripe = core.stripe_of(due.schedule->id);
  const Alarms::Handle handle = stripe.shard->alarms().set(when, [&core, due] {
    Stripe& its = core.stripe_of(due.schedule->id);
    its.alarms.erase(due.schedule->id);
    its.due.push_back(due);
    if (its.due.size() == 1) its.shard->spawn("act on schedules", act_in_turn(core, its));
  });
  stripe.alarms.emplace(due.schedule->id, handle);
}

/// The last scheduled time that is to be invoked by `now`, where those before it were missed.
Time last_missed(const Schedule& schedule, Time first, Time now) {
  while (now - schedule.invoked_at(first) > kLate) {
    const auto next = schedule.next(first);
    if (!next || schedule.invoked_at(*next) > now) break;
    first = *next;
  }
  return first;
}

struct Invocation {
  SchedulePtr schedule;
  Time first;      // whose alarm it was
  Time scheduled;  // what is invoked
  bool over;       // there is no next, and the schedule goes
};

/// What the targets get.
cloud::Outbox outbox_of(Core& core, std::span<const Invocation> invocations) {
  cloud::Outbox outbox(core.house, {.service = "scheduler.amazonaws.com", .buries_by_role = true});
  const Time now = core.house.clock.now();
  for (const Invocation& one : invocations) {
    const Target& target = one.schedule->target;
    const ScheduleRecord& record = one.schedule->record;
    const auto max_age = std::chrono::seconds(record.target.max_age_seconds);
    if (now - one.scheduled > max_age + std::chrono::minutes(record.window_minutes)) {
      core.figures.dropped.add();
      core.house.log.warning("a schedule's time was missed for too long", {{"schedule", one.schedule->id.arn()}});
      continue;
    }
    outbox.add(target.kind, target.goes_to(record.target),
               target.delivery(one.schedule->id, record.target, one.scheduled, core.house.random.uuid()),
               record.target.role_arn);
  }
  return outbox;
}

void tell_of(Core& core, const cloud::Outbox::Failure& failure) {
  core.figures.dropped.add();
  core.house.log.warning("a schedule's target could not be invoked",
                         {{"schedule", failure.source}, {"error", failure.code}, {"message", failure.message}});
  if (failure.letter != cloud::Outbox::Failure::Letter::kLost) return;
  core.house.log.warning("a schedule's dead letter was dropped",
                         {{"schedule", failure.source}, {"message", failure.why_lost}});
}

asio::awaitable<void> act(Core& core, std::span<const DueTime> due) {
  const Time now = core.house.clock.now();
  store::Batch batch;
  std::vector<Invocation> invocations;
  for (const DueTime& one : due) {
    const ScheduleId& id = one.schedule->id;
    const SchedulePtr schedule = core.schedules.find(id);
    // It may have changed while this waited for its turn: then its own alarm is set.
    if (!schedule || !schedule->record.enabled || schedule->next(one.scheduled - Duration(1)) != one.scheduled)
      continue;
    if (core.stripe_of(id).alarms.contains(id)) continue;
    const Time scheduled = last_missed(*schedule, one.scheduled, now);
    const bool over = schedule->record.delete_after_completion && !schedule->next(scheduled);
    invocations.push_back({schedule, one.scheduled, scheduled, over});
    if (over) {
      batch.erase(core.schedules.key(id));
      batch.erase(seen_key(id));
    } else {
      batch.put(seen_key(id), store::encode(SeenRecord{scheduled}));
    }
  }
  if (invocations.empty()) co_return;
  cloud::Outbox outbox = outbox_of(core, invocations);
  const auto done = co_await outbox.commit(std::move(batch));
  if (done) {
    for (const auto& failure : *done) tell_of(core, failure);
    core.figures.invoked.add(invocations.size());
  }
  if (!done) core.house.log.error("schedules could not act, trying again", {{"why", done.error().message}});
  for (const Invocation& one : invocations) {
    if (!done) set_alarm(core, {one.schedule, one.first}, now + kTryAgain);
  }
}

asio::awaitable<void> act_in_turn(Core& core, Stripe& stripe) {
  const auto turn = co_await stripe.turns.take();
  const std::vector<DueTime> due = std::exchange(stripe.due, {});
  for (std::size_t i = 0; i < due.size(); i += kTogether) {
    co_await act(core, std::span(due).subspan(i, std::min(kTogether, due.size() - i)));
  }
}

}  // namespace

void arm(Core& core, const ScheduleId& id, Time seen) {
  disarm(core, id);
  const SchedulePtr schedule = core.schedules.find(id);
  if (!schedule || !schedule->record.enabled) return;
  const auto next = schedule->next(seen);
  if (next) set_alarm(core, {schedule, *next}, schedule->invoked_at(*next));
}

void disarm(Core& core, const ScheduleId& id) {
  Stripe& stripe = core.stripe_of(id);
  const auto found = stripe.alarms.find(id);
  if (found == stripe.alarms.end()) return;
  stripe.shard->alarms().cancel(found->second);
  stripe.alarms.erase(found);
}

asio::awaitable<Result<void>> erase_schedule(Core& core, ScheduleId id) {
  store::Batch batch;
  batch.erase(core.schedules.key(id));
  batch.erase(seen_key(id));
  co_return co_await core.house.store.commit(std::move(batch));
}

}  // namespace signalbox::scheduler
