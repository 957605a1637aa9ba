// A queue as a source: messages are removed in the commit that brings them to the target. Those that the target does
// not take stay in flight, come back when their visibility timeout ends, and go to the queue's own dead-letter queue.
#include <algorithm>
#include <set>
#include <utility>

#include "services/pipes/carry.h"
#include "services/pipes/rights.h"

namespace signalbox::pipes {

asio::awaitable<bool> queue_turn(Core& core, PipePtr pipe, LanePtr lane) {
  const ConfigPtr config = lane->config;
  cloud::QueueSource& queues = *core.house.pipe_ends.queues;
  const Time now = core.house.clock.now();
  Result<std::vector<cloud::SourceEvent>> taken;
  Result<void> may = co_await may_read(core, pipe, config);
  if (may) {
    taken = co_await queues.take(config->source, config->batch_size - lane->held.size(), waker(core, lane));
  } else {
    taken = std::unexpected(std::move(may).error());
  }
  if (!taken) {
    core.house.log.warning("a pipe cannot read its source", {{"pipe", pipe->arn}, {"why", taken.error().message}});
    ++lane->failures;
    wake_at(core, lane, now + backoff(lane->failures));
    co_return false;
  }
  lane->failures = 0;
  core.figures.read.add(taken->size());
  for (auto& event : *taken) lane->held.push_back(std::move(event));
  if (lane->held.empty()) co_return false;
  if (!lane->since) lane->since = now;
  if (lane->held.size() < config->batch_size && now < *lane->since + config->window) {
    wake_at(core, lane, *lane->since + config->window);
    co_return false;
  }
  lane->since.reset();
  const std::vector<cloud::SourceEvent> events = std::exchange(lane->held, {});
  Prepared prepared = co_await prepare(core, pipe, config, events);
  store::Batch batch;
  Handed handed = co_await hand_over(core, pipe, config, std::move(prepared.items), batch);
  if (!handed.failures.empty() && !prepared.together.empty()) {
    // What of it the target took is not to be there twice.
    handed.settlement.settle(false);
    batch = store::Batch();
    for (const std::size_t event : prepared.together)
      handed.failures.push_back({event, handed.failures.front().message});
  }
  std::set<std::size_t> failed;
  for (const auto* failures : {&prepared.failures, &handed.failures}) {
    for (const Failure& one : *failures) {
      if (!failed.insert(one.event).second) continue;
      core.figures.failed.add();
      core.house.log.warning("a pipe's event failed", {{"pipe", pipe->arn}, {"why", one.message}});
    }
  }
  std::vector<std::string> through;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!failed.contains(i)) through.push_back(events[i].id);
  }
  const std::size_t count = through.size();
  if (count > 0) handed.settlement.add(co_await queues.remove(config->source, std::move(through), batch));
  Result<void> committed;
  if (!batch.empty()) committed = co_await core.house.store.commit(std::move(batch));
  handed.settlement.settle(committed.has_value());
  if (committed) core.figures.delivered.add(count);
  co_return true;
}

}  // namespace signalbox::pipes
