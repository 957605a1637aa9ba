#include "services/events/rule_schedule.h"

#include <algorithm>
#include <span>

#include "base/time_text.h"
#include "services/events/delivery.h"
#include "services/events/router.h"

namespace signalbox::events {
namespace {

/// AWS's highest MaximumEventAgeInSeconds, and its default.
constexpr auto kMaxAge = std::chrono::hours(24);
/// After the store refused what a schedule brought.
constexpr auto kTryAgain = std::chrono::seconds(1);

/// The last time after `seen` that is due by `now`, `first` being the first.
Time last_due(const Rule& rule, Time first, Time now) {
  for (;;) {
    const auto next = rule.schedule->next(first, rule.record.schedule_start);
    if (!next || *next > now) return first;
    first = *next;
  }
}

/// "Scheduled Event", as the rule's targets get it.
std::string event_text(const BusId& bus, const Rule& rule, const std::string& id, Time due) {
  return R"({"version":"0","id":")" + id + R"(","detail-type":"Scheduled Event","source":"aws.events","account":")" +
         bus.scope.account + R"(","time":")" + to_iso8601(due) + R"(","region":")" + bus.scope.region +
         R"(","resources":[")" + rule.arn + R"("],"detail":{}})";
}

/// Schedules of one bus that came due together share commits, so many each.
constexpr std::size_t kTogether = 500;

/// The rule, if what came due first at `first` is still its schedule: it may have changed while this waited for its
/// turn, and then its own alarm is set.
RulePtr rule_of(const Bus& bus, const DueRule& due) {
  RulePtr rule = bus.find_rule(due.name);
  if (!rule || !rule->schedule || !rule->is_enabled()) return nullptr;
  const auto first = rule->schedule->next(due.first - Duration(1), rule->record.schedule_start);
  return first == due.first ? rule : nullptr;
}

void set_alarm(Core& core, const BusPtr& bus, const DueRule& due, Time when);

/// Acts for all of `due`, with the record that it did in the same commit.
asio::awaitable<void> act(Core& core, BusPtr bus, std::span<const DueRule> due) {
  const Time now = core.house.clock.now();
  Router router(core);
  store::Batch batch;
  std::vector<DueRule> acted;
  for (const DueRule& one : due) {
    const RulePtr rule = rule_of(*bus, one);
    if (!rule) continue;
    const Time time = last_due(*rule, one.first, now);
    router.deliver(bus->id(), *rule, event_text(bus->id(), *rule, core.house.random.uuid(), time));
    batch.put(seen_key(bus->id(), rule->name), store::encode(SeenRecord{time}));
    acted.push_back({one.name, time});
  }
  core.figures.scheduled.add(acted.size());
  Result<void> done = co_await deliver(core, router.take(), std::move(batch));
  if (!done) core.house.log.error("schedules could not act, trying again", {{"why", done.error().message}});
  for (const DueRule& one : acted) {
    if (done) {
      arm_schedule(core, bus, one.name, one.first);
    } else {
      set_alarm(core, bus, one, now + kTryAgain);
    }
  }
}

asio::awaitable<void> act_in_turn(Core& core, BusPtr bus) {
  const auto turn = co_await bus->turns().take();
  const std::vector<DueRule> due = bus->take_due();
  for (std::size_t i = 0; i < due.size(); i += kTogether) {
    co_await act(core, bus, std::span(due).subspan(i, std::min(kTogether, due.size() - i)));
  }
}

void set_alarm(Core& core, const BusPtr& bus, const DueRule& due, Time when) {
  bus->set_alarm(due.name, when, [&core, bus, due] {
    if (bus->add_due(due)) bus->shard().spawn("events.schedule", act_in_turn(core, bus));
  });
}

}  // namespace

Result<schedule::Schedule> parse_schedule(const std::string& expression) {
  auto schedule = schedule::Schedule::parse(expression);
  if (schedule && schedule->kind() != schedule::Schedule::Kind::kAt) return *std::move(schedule);
  return fail("ValidationException", "Parameter ScheduleExpression is not valid.");
}

store::Key seen_key(const BusId& bus, std::string_view rule) {
  return store::Key(kSeenSpace).text(bus.scope.account).text(bus.scope.region).text(bus.name).text(rule);
}

void arm_schedule(Core& core, const BusPtr& bus, const std::string& name, Time seen) {
  bus->clear_alarm(name);
  const RulePtr rule = bus->find_rule(name);
  if (!rule || !rule->schedule || !rule->is_enabled()) return;
  const auto due = rule->schedule->next(std::max(seen, core.house.clock.now() - kMaxAge), rule->record.schedule_start);
  if (!due) return;
  set_alarm(core, bus, {name, *due}, *due);
}

}  // namespace signalbox::events
