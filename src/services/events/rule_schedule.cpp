#include "services/events/rule_schedule.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/time_text.h"
#include "services/events/delivery.h"
#include "store/record.h"

namespace signalbox::events {
namespace {

constexpr std::uint8_t kSeenVersion = 1;
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

asio::awaitable<Result<void>> deliver_due(Core& core, const BusPtr& bus, RulePtr rule, Time due) {
  const std::string text = event_text(bus->id(), *rule, core.house.random.uuid(), due);
  json::Document document;
  const auto root = document.parse(text);
  if (!root) co_return fail("InternalFailure", "A scheduled event cannot be read.");
  OutgoingByArn outgoing;
  add_deliveries(outgoing, *rule, {text, *root, to_iso8601(core.house.clock.now()), rule->arn, rule->name}, "");
  store::Batch batch;
  batch.put(seen_key(bus->id(), rule->name), encode_seen(due));
  core.figures.scheduled.add(1);
  Result<void> done = co_await deliver(core, std::move(outgoing), std::move(batch));
  co_return done;
}

/// `first` is due. In the batch that delivers it is the record that it was.
asio::awaitable<void> fire(Core& core, BusPtr bus, std::string name, Time first) {
  const auto turn = co_await bus->turns().take();
  const RulePtr rule = bus->find_rule(name);
  if (!rule || !rule->schedule || !rule->is_enabled()) co_return;
  // The rule may have got another schedule while this waited for its turn; then its own alarm is set.
  if (rule->schedule->next(first - Duration(1), rule->record.schedule_start) != first) co_return;
  const Time due = last_due(*rule, first, core.house.clock.now());
  Result<void> done = co_await deliver_due(core, bus, rule, due);
  if (done) {
    arm_schedule(core, bus, name, due);
    co_return;
  }
  core.house.log.error("a schedule could not act, trying again", {{"rule", rule->arn}, {"why", done.error().message}});
  bus->set_alarm(name, core.house.clock.now() + kTryAgain, [&core, bus, name, due] {
    asio::co_spawn(bus->shard().loop(), fire(core, bus, name, due), asio::detached);
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

std::string encode_seen(Time until) {
  return std::move(store::RecordWriter(kSeenVersion).integer(until.time_since_epoch().count())).take();
}

std::optional<Time> decode_seen(std::string_view bytes) {
  store::RecordReader in(bytes, kSeenVersion);
  const Time until{Duration(in.integer())};
  if (!in.complete()) return std::nullopt;
  return until;
}

void arm_schedule(Core& core, const BusPtr& bus, const std::string& name, Time seen) {
  bus->clear_alarm(name);
  const RulePtr rule = bus->find_rule(name);
  if (!rule || !rule->schedule || !rule->is_enabled()) return;
  const auto due = rule->schedule->next(std::max(seen, core.house.clock.now() - kMaxAge), rule->record.schedule_start);
  if (!due) return;
  bus->set_alarm(name, *due, [&core, bus, name, due = *due] {
    asio::co_spawn(bus->shard().loop(), fire(core, bus, name, due), asio::detached);
  });
}

}  // namespace signalbox::events
