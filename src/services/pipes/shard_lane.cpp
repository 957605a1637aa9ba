// A shard of a stream as a source: read in order; the place that was come to is in the commit that brings the records
// to the target. A record that the target does not take is tried again, and those behind it wait, until it is through
// or too old or was tried too often: then what AWS tells of it goes to the dead-letter queue.
#include <algorithm>

#include "base/time_text.h"
#include "json/json.h"
#include "services/pipes/carry.h"
#include "services/pipes/rights.h"

namespace signalbox::pipes {
namespace {

constexpr std::string_view kTooOften = "RetryAttemptsExhausted";
constexpr std::string_view kTooOld = "MaximumRecordAgeExceeded";

/// "Dead-letter queue details" of stream sources in the EventBridge User Guide.
std::string dead_letter(const Pipe& pipe, const Lane& lane, const cloud::SourceEvent& event, std::string_view condition,
                        Time now) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("context");
  writer.begin_object();
  writer.member("partnerResourceArn", pipe.arn);
  writer.member("condition", condition);
  writer.end_object();
  writer.member("version", "1.0");
  writer.member("timestamp", to_iso8601_millis(now));
  writer.key("KinesisBatchInfo");
  writer.begin_object();
  writer.member("shardId", lane.shard_name);
  writer.member("startSequenceNumber", event.id);
  writer.member("endSequenceNumber", event.id);
  writer.member("approximateArrivalOfFirstRecord", to_iso8601_millis(event.arrived));
  writer.member("approximateArrivalOfLastRecord", to_iso8601_millis(event.arrived));
  writer.key("batchSize");
  writer.number(std::int64_t{1});
  writer.member("streamArn", lane.config->source);
  writer.end_object();
  writer.end_object();
  return out;
}

std::string place_text(std::uint64_t place, bool finished) {
  return store::encode(Position{place, finished});
}

/// Goes past a record, with word of it to the dead-letter queue.
asio::awaitable<Result<void>> give_up(Core& core, PipePtr pipe, LanePtr lane, cloud::SourceEvent event,
                                      std::string condition) {
  store::Batch batch;
  batch.put(position_key(pipe->record.id, lane->stream, lane->shard), place_text(event.position + 1, false));
  cloud::Outbox outbox(core.house, {.service = "pipes.amazonaws.com"});
  if (const std::string& queue = lane->config->dead_letter_arn; !queue.empty()) {
    cloud::EventDelivery letter;
    letter.payload = dead_letter(*pipe, *lane, event, condition, core.house.clock.now());
    letter.source_arn = pipe->arn;
    outbox.add(core.house.event_targets.queues(), queue, std::move(letter), pipe->record.request.role_arn.value_or(""));
  }
  const auto committed = co_await outbox.commit(std::move(batch));
  if (!committed) co_return std::unexpected(committed.error());
  for (const cloud::Outbox::Failure& lost : *committed) {
    core.house.log.warning("a pipe's dead letter was dropped", {{"pipe", pipe->arn}, {"why", lost.message}});
  }
  core.figures.dead_lettered.add();
  core.house.log.warning("a pipe gave up a record",
                         {{"pipe", pipe->arn}, {"record", event.id}, {"condition", condition}});
  lane->position = event.position + 1;
  lane->failures = 0;
  co_return Result<void>();
}

/// Brings events to the target, all before the first that fails. Gives how many are through, and what that one says.
struct Carried {
  std::size_t through = 0;
  std::optional<Failure> failure;
  cloud::Settlement settlement;
  store::Batch batch;
};
asio::awaitable<Carried> carry(Core& core, PipePtr pipe, ConfigPtr config, std::vector<cloud::SourceEvent> events) {
  Carried carried;
  std::size_t count = events.size();
  while (count > 0) {
    Prepared prepared = co_await prepare(core, pipe, config, std::span(events).first(count));
    Handed handed;
    store::Batch batch;
    if (prepared.failures.empty()) {
      handed = co_await hand_over(core, pipe, config, std::move(prepared.items), batch);
    }
    std::optional<Failure> first;
    for (auto* failures : {&prepared.failures, &handed.failures}) {
      for (Failure& one : *failures) {
        if (!first || one.event < first->event) first = std::move(one);
      }
    }
    if (!first) {
      carried.through = count;
      carried.settlement = std::move(handed.settlement);
      carried.batch = std::move(batch);
      co_return carried;
    }
    // Again without it and those behind it: a batch is for all that is in it.
    handed.settlement.settle(false);
    count = first->event;
    carried.failure = std::move(first);
    if (handed.partly) {
      carried.through = count;
      co_return carried;
    }
  }
  co_return carried;
}

/// What comes of a failure of the event at the lane's place.
asio::awaitable<bool> judge(Core& core, PipePtr pipe, LanePtr lane, cloud::SourceEvent event, std::string why) {
  core.figures.failed.add();
  core.house.log.warning("a pipe's event failed", {{"pipe", pipe->arn}, {"record", event.id}, {"why", why}});
  const Time now = core.house.clock.now();
  ++lane->failures;
  if (lane->config->max_retries && lane->failures > *lane->config->max_retries) {
    const auto done = co_await give_up(core, pipe, lane, std::move(event), std::string(kTooOften));
    if (done) co_return true;
  }
  lane->retry_at = now + backoff(lane->failures);
  wake_at(core, lane, lane->retry_at);
  co_return false;
}

/// The shard is read to its end: its children may begin.
asio::awaitable<bool> finish(Core& core, PipePtr pipe, LanePtr lane) {
  store::Batch batch;
  batch.put(position_key(pipe->record.id, lane->stream, lane->shard), place_text(lane->position, true));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (done) {
    pipe->finished[lane->shard] = true;
    done = co_await begin_shards(core, pipe);
  }
  if (done) {
    std::erase(pipe->lanes, lane);
    co_return false;
  }
  core.house.log.warning("a pipe cannot go on to new shards", {{"pipe", pipe->arn}, {"why", done.error().message}});
  lane->retry_at = core.house.clock.now() + backoff(++lane->failures);
  wake_at(core, lane, lane->retry_at);
  co_return false;
}

}  // namespace

asio::awaitable<bool> shard_turn(Core& core, PipePtr pipe, LanePtr lane) {
  const ConfigPtr config = lane->config;
  const Time now = core.house.clock.now();
  if (now < lane->retry_at) {
    wake_at(core, lane, lane->retry_at);
    co_return false;
  }
  if (const Result<void> may = co_await may_read(core, pipe, config); !may) {
    core.house.log.warning("a pipe may not read its source", {{"pipe", pipe->arn}, {"why", may.error().message}});
    lane->retry_at = now + backoff(++lane->failures);
    wake_at(core, lane, lane->retry_at);
    co_return false;
  }
  auto reading = co_await core.house.pipe_ends.streams->read(config->source, lane->shard, lane->position,
                                                             config->batch_size, waker(core, lane));
  if (!reading) {
    core.house.log.warning("a pipe cannot read its source", {{"pipe", pipe->arn}, {"why", reading.error().message}});
    lane->retry_at = now + backoff(++lane->failures);
    wake_at(core, lane, lane->retry_at);
    co_return false;
  }
  std::vector<cloud::SourceEvent>& events = reading->events;
  if (events.empty()) {
    if (!reading->at_end) co_return false;
    co_return co_await finish(core, pipe, lane);
  }
  if (!lane->since) lane->since = now;
  if (events.size() < config->batch_size && !reading->at_end && now < *lane->since + config->window) {
    wake_at(core, lane, *lane->since + config->window);
    co_return false;
  }
  if (config->max_age && now - events.front().arrived > *config->max_age) {
    const auto done = co_await give_up(core, pipe, lane, std::move(events.front()), std::string(kTooOld));
    co_return done.has_value();
  }
  lane->since.reset();
  core.figures.read.add(events.size());
  const std::uint64_t next = reading->next;
  Carried carried = co_await carry(core, pipe, config, events);
  const std::uint64_t place = carried.through == events.size() ? next : events[carried.through].position;
  if (carried.through > 0) {
    carried.batch.put(position_key(pipe->record.id, lane->stream, lane->shard), place_text(place, false));
    const Result<void> committed = co_await core.house.store.commit(std::move(carried.batch));
    carried.settlement.settle(committed.has_value());
    if (!committed) {
      lane->retry_at = now + backoff(++lane->failures);
      wake_at(core, lane, lane->retry_at);
      co_return false;
    }
    core.figures.delivered.add(carried.through);
    lane->position = place;
    lane->failures = 0;
  }
  if (!carried.failure) co_return true;
  cloud::SourceEvent failed = events[carried.through];
  co_return co_await judge(core, pipe, lane, std::move(failed), std::move(carried.failure->message));
}

}  // namespace signalbox::pipes
