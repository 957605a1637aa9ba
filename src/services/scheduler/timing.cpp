// Schedules that come due: all of one stripe that are due together share commits with the marks that they were seen to.
#include <algorithm>
#include <span>
#include <utility>

#include "cloud/delivery_rights.h"
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
    its.alarms.erase(due.schedule);
    its.due.push_back(due);
    if (its.due.size() == 1) its.shard->spawn("act on schedules", act_in_turn(core, its));
  });
  stripe.alarms.emplace(due.schedule, handle);
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

/// Adds what the targets get to `batch`, by ARN in one order, as whoever appends to targets does.
asio::awaitable<std::vector<cloud::AfterCommit>> append(Core& core, std::span<const Invocation> invocations,
                                                        store::Batch& batch) {
  struct ToOne {
    cloud::EventTarget* kind;
    std::vector<cloud::EventDelivery> deliveries;
  };
  std::map<std::string, ToOne> by_target;
  std::map<std::string, ToOne> refused;
  std::vector<cloud::AfterCommit> afters;
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
    const std::string& arn = record.target.arn;
    cloud::DeliveryRight right{"scheduler.amazonaws.com", one.schedule->id.arn(), record.target.role_arn, arn};
    const Result<void> may = co_await cloud::may_deliver(core.house.authority, core.house.sessions, std::move(right));
    ToOne& to_one =
        (may ? by_target : refused).try_emplace(target.goes_to(record.target), ToOne{target.kind, {}}).first->second;
    to_one.deliveries.push_back(
        target.delivery(one.schedule->id, record.target, one.scheduled, core.house.random.uuid()));
  }
  std::map<std::string, std::vector<cloud::EventDelivery>> dead;
  for (auto& [arn, to_one] : by_target) {
    std::vector<std::string> payloads;
    std::vector<std::shared_ptr<const cloud::DeliveryPolicy>> policies;
    for (const auto& delivery : to_one.deliveries) {
      payloads.push_back(delivery.payload);
      policies.push_back(delivery.policy);
    }
    cloud::Appended appended = co_await to_one.kind->append(arn, std::move(to_one.deliveries), batch);
    if (appended.after) afters.push_back(std::move(appended.after));
    for (const cloud::Undelivered& why : appended.undelivered) {
      const cloud::DeliveryPolicy& policy = *policies[why.delivery];
      core.figures.dropped.add();
      core.house.log.warning("a schedule's target could not be invoked",
                             {{"schedule", policy.source}, {"error", why.code}, {"message", why.message}});
      if (policy.dead_letter_queue.empty()) continue;
      dead[policy.dead_letter_queue].push_back(
          cloud::dead_letter(policy, std::move(payloads[why.delivery]), arn, why.code, why.message));
    }
  }
  for (auto& [arn, to_one] : refused) {
    for (cloud::EventDelivery& delivery : to_one.deliveries) {
      const cloud::DeliveryPolicy& policy = *delivery.policy;
      const std::string why = "The schedule's role does not allow it to invoke " + arn + ".";
      core.figures.dropped.add();
      core.house.log.warning("a schedule's target could not be invoked",
                             {{"schedule", policy.source}, {"error", "NO_PERMISSIONS"}, {"message", why}});
      if (policy.dead_letter_queue.empty()) continue;
      dead[policy.dead_letter_queue].push_back(
          cloud::dead_letter(policy, std::move(delivery.payload), arn, "NO_PERMISSIONS", why));
    }
  }
  for (auto& [queue, letters] : dead) {
    cloud::Appended appended = co_await core.house.event_targets.queues()->append(queue, std::move(letters), batch);
    if (appended.after) afters.push_back(std::move(appended.after));
  }
  co_return afters;
}

asio::awaitable<void> act(Core& core, std::span<const DueTime> due) {
  const Time now = core.house.clock.now();
  store::Batch batch;
  std::vector<Invocation> invocations;
  for (const DueTime& one : due) {
    const ScheduleId& id = one.schedule->id;
    const SchedulePtr schedule = core.find(id);
    // It may have changed while this waited for its turn: then its own alarm is set.
    if (!schedule || !schedule->record.enabled || schedule->next(one.scheduled - Duration(1)) != one.scheduled)
      continue;
    if (core.stripe_of(id).alarms.contains(id)) continue;
    const Time scheduled = last_missed(*schedule, one.scheduled, now);
    const bool over = schedule->record.delete_after_completion && !schedule->next(scheduled);
    invocations.push_back({schedule, one.scheduled, scheduled, over});
    if (over) {
      batch.erase(schedule_key(id));
      batch.erase(seen_key(id));
    } else {
      batch.put(seen_key(id), store::encode(SeenRecord{scheduled}));
    }
  }
  if (invocations.empty()) co_return;
  const auto afters = co_await append(core, invocations, batch);
  const Result<void> done = co_await core.house.store.commit(std::move(batch));
  for (const auto& after : afters) after(done.has_value());
  if (done) core.figures.invoked.add(invocations.size());
  if (!done) core.house.log.error("schedules could not act, trying again", {{"why", done.error().message}});
  for (const Invocation& one : invocations) {
    if (!done) {
      set_alarm(core, {one.schedule, one.first}, now + kTryAgain);
    } else if (one.over) {
      core.erase(one.schedule->id);
    } else {
      arm(core, one.schedule, one.scheduled);
    }
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

void arm(Core& core, const SchedulePtr& schedule, Time seen) {
  disarm(core, schedule->id);
  if (!schedule->record.enabled) return;
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
  batch.erase(schedule_key(id));
  batch.erase(seen_key(id));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (!done) co_return done;
  disarm(core, id);
  core.erase(id);
  co_return done;
}

}  // namespace signalbox::scheduler
