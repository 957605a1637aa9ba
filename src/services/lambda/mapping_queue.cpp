// A queue as a source. Messages that the function is through with are removed; those that it fails stay in flight, come
// back when their visibility timeout ends, and go to the queue's own dead-letter queue.
#include <algorithm>
#include <utility>

#include "services/lambda/invoke.h"
#include "services/lambda/mapping_batch.h"

namespace signalbox::lambda {
namespace {

/// Throttled batches are tried again so often before their messages go back.
constexpr int kTries = 5;

/// Waits on the mapping's shard, by the clock that functions go by.
asio::awaitable<void> pause(Mapping& mapping, Duration wait) {
  Signal never(mapping.owner.loop());
  co_await never.wait(std::chrono::steady_clock::now() + wait);
}

asio::awaitable<Result<Invoked>> invoke_batch(Core& core, Mapping& mapping, std::string payload) {
  const MappingConfigPtr held = mapping.config;
  const MappingConfig& config = *held;
  for (int tried = 0;; ++tried) {
    const FunctionPtr function = core.find(config.function.function);
    if (!function) co_return no_such_function(config.function.function.arn());
    Run run;
    run.request_id = core.house.random.uuid();
    run.payload = payload;
    auto invoked = co_await invoke(core, function, config.function.qualifier, std::move(run));
    if (invoked || tried == kTries || !mapping.active) co_return invoked;
    co_await pause(mapping, mapping_backoff(tried + 1) / 4);
  }
}

/// The events that go: those that no filter lets through, and those that the function did not fail.
std::vector<std::string> through(const std::vector<cloud::SourceEvent>& events, const std::vector<std::size_t>& wanted,
                                 const std::set<std::size_t>& failed, bool good) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool filtered = std::ranges::count(wanted, i) == 0;
    if (filtered || (good && !failed.contains(i))) ids.push_back(events[i].id);
  }
  return ids;
}

asio::awaitable<void> process(Core& core, MappingPtr mapping, MappingLanePtr lane,
                              std::vector<cloud::SourceEvent> events, UnderWayPtr under_way) {
  const MappingConfigPtr config = lane->config;
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (passes(*config, events[i])) wanted.push_back(i);
  }
  bool good = true;
  std::set<std::size_t> failed;
  if (!wanted.empty()) {
    const auto invoked = co_await invoke_batch(core, *mapping, records_of(*config, "", events, wanted));
    good = invoked && invoked->result.error.empty();
    if (good && config->reports_failures) {
      const auto items = failed_events(*config, invoked->result.payload, events, wanted);
      good = items.has_value();
      if (items) failed = *items;
    }
    mapping->last_result = good       ? "OK"
                           : !invoked ? "PROBLEM: " + invoked.error().message
                                      : std::string("PROBLEM: Function call failed");
  }
  std::vector<std::string> ids = through(events, wanted, failed, good);
  if (!ids.empty()) {
    store::Batch batch;
    const cloud::AfterCommit removed =
        co_await core.house.pipe_ends.queues->remove(config->source, std::move(ids), batch);
    Result<void> committed;
    if (!batch.empty()) committed = co_await core.house.store.commit(std::move(batch));
    if (removed) removed(committed.has_value());
  }
  under_way.reset();
  pump(core, lane);
}

}  // namespace

asio::awaitable<bool> queue_turn(Core& core, MappingPtr mapping, MappingLanePtr lane) {
  const MappingConfigPtr config = lane->config;
  // The turn itself is one of those under way.
  if (mapping->under_way > config->most_at_once) co_return false;
  const Time now = core.house.clock.now();
  auto taken = co_await core.house.pipe_ends.queues->take(config->source, config->batch_size - lane->held.size(),
                                                          waker(core, lane));
  if (!taken) {
    mapping->last_result = "PROBLEM: " + taken.error().message;
    wake_at(core, lane, now + mapping_backoff(++lane->failures));
    co_return false;
  }
  lane->failures = 0;
  for (auto& event : *taken) lane->held.push_back(std::move(event));
  if (lane->held.empty()) co_return false;
  if (!lane->since) lane->since = now;
  if (lane->held.size() < config->batch_size && now < *lane->since + config->window) {
    wake_at(core, lane, *lane->since + config->window);
    co_return false;
  }
  lane->since.reset();
  mapping->owner.spawn("lambda.mapping-batch", process(core, mapping, lane, std::exchange(lane->held, {}),
                                                       std::make_unique<const UnderWay>(mapping)));
  co_return true;
}

}  // namespace signalbox::lambda
