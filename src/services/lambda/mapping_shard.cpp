// A shard of a stream as a source: read in order; a batch that the function fails is tried again, and those behind it
// wait, until it is through, or too old, or was tried too often: then word of it goes to the destination for failures.
#include <algorithm>

#include "base/time_text.h"
#include "json/json.h"
#include "services/lambda/invoke.h"
#include "services/lambda/mapping_batch.h"

namespace signalbox::lambda {
namespace {

constexpr std::string_view kTooOften = "RetryAttemptsExhausted";
constexpr std::string_view kTooOld = "RecordAgeExceeded";

/// What came of one batch.
struct Outcome {
  std::size_t through = 0;  // events from the first on
  bool good = false;        // all of them
  std::string why;
  std::string request_id;
  std::string version;
};

/// "Retaining records of failed batches" in the Lambda Developer Guide.
std::string failure_record(const Mapping& mapping, const MappingLane& lane, std::span<const cloud::SourceEvent> events,
                           std::string_view condition, const Outcome& outcome, Time now) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("requestContext");
  writer.begin_object();
  writer.member("requestId", outcome.request_id);
  writer.member("functionArn", lane.config->function.function.arn(lane.config->function.qualifier));
  writer.member("condition", condition);
  writer.key("approximateInvokeCount");
  writer.number(lane.failures);
  writer.end_object();
  if (!outcome.version.empty()) {
    writer.key("responseContext");
    writer.begin_object();
    writer.key("statusCode");
    writer.number(std::int64_t{200});
    writer.member("executedVersion", outcome.version);
    writer.member("functionError", "Unhandled");
    writer.end_object();
  }
  writer.member("version", "1.0");
  writer.member("timestamp", to_iso8601_millis(now));
  writer.key("KinesisBatchInfo");
  writer.begin_object();
  writer.member("shardId", lane.shard_name);
  writer.member("startSequenceNumber", events.front().id);
  writer.member("endSequenceNumber", events.back().id);
  writer.member("approximateArrivalOfFirstRecord", to_iso8601_millis(events.front().arrived));
  writer.member("approximateArrivalOfLastRecord", to_iso8601_millis(events.back().arrived));
  writer.key("batchSize");
  writer.number(static_cast<std::int64_t>(events.size()));
  writer.member("streamArn", mapping.config->source);
  writer.end_object();
  writer.end_object();
  return out;
}

/// Goes past records, with what `batch` holds.
asio::awaitable<bool> advance(Core& core, MappingPtr mapping, MappingLanePtr lane, std::uint64_t place,
                              store::Batch batch) {
  batch.put(position_key(mapping->record.number, lane->stream, lane->shard), encode_position(place, false));
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

asio::awaitable<bool> give_up(Core& core, MappingPtr mapping, MappingLanePtr lane,
                              std::vector<cloud::SourceEvent> events, std::string condition, Outcome outcome,
                              std::uint64_t place) {
  store::Batch batch;
  cloud::AfterCommit after;
  const std::string to = lane->config->on_failure;
  const auto arn = cloud::Arn::parse(to);
  cloud::EventTarget* const kind = arn ? core.house.event_targets.find(*arn) : nullptr;
  if (kind != nullptr) {
    cloud::EventDelivery letter;
    letter.payload = failure_record(*mapping, *lane, events, condition, outcome, core.house.clock.now());
    letter.sender = "lambda.amazonaws.com";
    std::vector<cloud::EventDelivery> letters(1, std::move(letter));
    cloud::Appended appended = co_await kind->append(to, std::move(letters), batch);
    after = std::move(appended.after);
    for (const cloud::Undelivered& lost : appended.undelivered) {
      core.house.log.warning("word of a failed batch cannot be sent",
                             {{"mapping", mapping->id}, {"why", lost.message}});
    }
  }
  core.house.log.warning("an event source mapping gave up records",
                         {{"mapping", mapping->id}, {"condition", condition}, {"from", events.front().id}});
  const bool done = co_await advance(core, mapping, lane, place, std::move(batch));
  if (after) after(done);
  co_return done;
}

asio::awaitable<Outcome> run_batch(Core& core, MappingLanePtr lane, std::vector<cloud::SourceEvent> events) {
  const MappingConfigPtr config = lane->config;
  Outcome outcome;
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (passes(*config, events[i])) wanted.push_back(i);
  }
  outcome.through = events.size();
  outcome.good = true;
  if (wanted.empty()) co_return outcome;
  const FunctionPtr function = core.find(config->function.function);
  Run run;
  run.request_id = outcome.request_id = core.house.random.uuid();
  run.payload = records_of(*config, function ? function->latest->config.role.value_or("") : "", events, wanted);
  Result<Invoked> invoked = no_such_function(config->function.function.arn());
  if (function) invoked = co_await invoke(core, function, config->function.qualifier, std::move(run));
  if (!invoked || !invoked->result.error.empty()) {
    outcome.through = 0;
    outcome.good = false;
    outcome.why = invoked ? "Function call failed" : invoked.error().message;
    if (invoked) outcome.version = invoked->version;
    co_return outcome;
  }
  outcome.version = invoked->version;
  if (!config->reports_failures) co_return outcome;
  const auto failed = failed_items(invoked->result.payload);
  for (std::size_t i = 0; i < events.size() && outcome.good; ++i) {
    if (failed && !failed->contains(events[i].id)) continue;
    outcome.through = i;
    outcome.good = false;
    outcome.why = "Function reported failures";
  }
  co_return outcome;
}

/// The shard is read to its end: its children may begin.
asio::awaitable<bool> finish(Core& core, MappingPtr mapping, MappingLanePtr lane) {
  store::Batch batch;
  batch.put(position_key(mapping->record.number, lane->stream, lane->shard), encode_position(lane->position, true));
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

asio::awaitable<bool> shard_turn(Core& core, MappingPtr mapping, MappingLanePtr lane) {
  const MappingConfigPtr config = lane->config;
  const Time now = core.house.clock.now();
  if (now < lane->retry_at) {
    wake_at(core, lane, lane->retry_at);
    co_return false;
  }
  const std::size_t most = lane->limit != 0 ? std::min(lane->limit, config->batch_size) : config->batch_size;
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
  if (!again && events.size() < most && !reading->at_end && now < *lane->since + config->window) {
    wake_at(core, lane, *lane->since + config->window);
    co_return false;
  }
  lane->since.reset();
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
