// A shard of a stream as a source: read in order; a batch that the function fails is tried again, and those behind it
// wait, until it is through, or too old, or was tried too often: then word of it goes to the destination for failures.
#include <algorithm>

#include "services/lambda/mapping_stream.h"

namespace signalbox::lambda {
namespace {

asio::awaitable<bool> give_up(Core& core, MappingPtr mapping, MappingLanePtr lane,
                              std::vector<cloud::SourceEvent> events, std::string condition, Outcome outcome,
                              std::uint64_t place) {
  store::Batch batch;
  const std::int64_t count = lane->failures;
  const cloud::AfterCommit after = co_await tell_of_failure(core, mapping, lane, std::move(events),
                                                            std::move(condition), std::move(outcome), count, batch);
  const bool done = co_await advance(core, mapping, lane, place, std::move(batch));
  if (after) after(done);
  co_return done;
}

/// The shard is read to its end: its children may begin.
asio::awaitable<bool> finish(Core& core, MappingPtr mapping, MappingLanePtr lane) {
  store::Batch batch;
  batch.put(position_key(mapping->record.number, lane->stream, lane->shard),
            store::encode(Position{lane->position, true}));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (done) {
    mapping->finished[lane->shard] = true;
    done = co_await begin_shards(core, mapping);
  }
  if (done) {
    std::erase(mapping->lanes, lane);
    co_return false;
  }
  lane->retry_at = core.house.clock.now() + mapping_backoff(++lane->failures);
  wake_at(core, lane, lane->retry_at);
  co_return false;
}

/// What becomes of a batch that the function failed from its first event on.
asio::awaitable<bool> judge(Core& core, MappingPtr mapping, MappingLanePtr lane, std::vector<cloud::SourceEvent> events,
                            Outcome outcome, std::uint64_t next) {
  const MappingConfigPtr config = lane->config;
  mapping->last_result = "PROBLEM: " + outcome.why;
  // Splitting counts as no attempt.
  if (config->bisects && events.size() > 1 && !outcome.version.empty()) {
    lane->limit = events.size() / 2;
    co_return true;
  }
  ++lane->failures;
  if (config->max_retries && lane->failures > *config->max_retries) {
    const bool done =
        co_await give_up(core, mapping, lane, std::move(events), std::string(kTooOften), std::move(outcome), next);
    co_return done;
  }
  lane->retry_at = core.house.clock.now() + mapping_backoff(lane->failures);
  wake_at(core, lane, lane->retry_at);
  co_return false;
}

}  // namespace

asio::awaitable<bool> advance(Core& core, MappingPtr mapping, MappingLanePtr lane, std::uint64_t place,
                              store::Batch batch) {
  batch.put(position_key(mapping->record.number, lane->stream, lane->shard), store::encode(Position{place, false}));
  const Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (!committed) {
    lane->retry_at = core.house.clock.now() + mapping_backoff(1);
    wake_at(core, lane, lane->retry_at);
    co_return false;
  }
  lane->position = place;
  lane->failures = 0;
  lane->limit = 0;
  co_return true;
}

asio::awaitable<bool> shard_turn(Core& core, MappingPtr mapping, MappingLanePtr lane) {
  const MappingConfigPtr config = lane->config;
  const Time now = core.house.clock.now();
  if (!lane->parts.empty()) co_return co_await parts_turn(core, mapping, lane);
  if (now < lane->retry_at) {
    wake_at(core, lane, lane->retry_at);
    co_return false;
  }
  const std::size_t most =
      lane->limit != 0 ? std::min(lane->limit, config->batch_size) : config->batch_size * config->at_once;
  auto reading =
      co_await core.house.pipe_ends.streams->read(config->source, lane->shard, lane->position, most, waker(core, lane));
  if (!reading) {
    mapping->last_result = "PROBLEM: " + reading.error().message;
    lane->retry_at = now + mapping_backoff(++lane->failures);
    wake_at(core, lane, lane->retry_at);
    co_return false;
  }
  std::vector<cloud::SourceEvent>& events = reading->events;
  if (events.empty()) {
    if (!reading->at_end) co_return false;
    const bool more = co_await finish(core, mapping, lane);
    co_return more;
  }
  if (!lane->since) lane->since = now;
  const bool again = lane->failures > 0 || lane->limit != 0;
  if (!again && events.size() < config->batch_size && !reading->at_end && now < *lane->since + config->window) {
    wake_at(core, lane, *lane->since + config->window);
    co_return false;
  }
  lane->since.reset();
  if (config->at_once > 1) {
    make_parts(*lane, std::move(events), reading->next);
    co_return co_await parts_turn(core, mapping, lane);
  }
  std::size_t old = 0;
  while (config->max_age && old < events.size() && now - events[old].arrived > *config->max_age) ++old;
  if (old > 0) {
    const std::uint64_t place = old == events.size() ? reading->next : events[old].position;
    events.resize(old);
    Outcome none;
    const bool done =
        co_await give_up(core, mapping, lane, std::move(events), std::string(kTooOld), std::move(none), place);
    co_return done;
  }
  const std::uint64_t next = reading->next;
  Outcome outcome = co_await run_batch(core, lane, events);
  if (outcome.through > 0) {
    const std::uint64_t place = outcome.good ? next : events[outcome.through].position;
    store::Batch nothing;
    const bool done = co_await advance(core, mapping, lane, place, std::move(nothing));
    if (outcome.good) mapping->last_result = "OK";
    if (!done || outcome.good) co_return done;
    events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(outcome.through));
  }
  if (outcome.good) co_return true;
  const bool more = co_await judge(core, mapping, lane, std::move(events), std::move(outcome), next);
  co_return more;
}

}  // namespace signalbox::lambda
