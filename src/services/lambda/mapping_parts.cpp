// Batches of one shard that run beside each other: "up to ten batches per shard ... in-order processing at the
// partition-key level" (ParallelizationFactor in the Lambda Developer Guide). Records are divided by their partition
// keys; each part is worked off batch by batch, with retries of its own, and the shard's place moves when all are done.
#include <algorithm>

#include "json/json.h"
#include "services/lambda/mapping_stream.h"

namespace signalbox::lambda {
namespace {

/// What the batches of one turn share.
struct Round {
  explicit Round(cloud::Shard& shard) : done(shard) {}
  std::size_t left = 0;
  cloud::Wait done;
};
/// One batch less, however it ends.
class Share {
 public:
  explicit Share(std::shared_ptr<Round> round) : round_(std::move(round)) { ++round_->left; }
  Share(Share&&) = default;
  ~Share() {
    if (round_ && --round_->left == 0) round_->done.wake();
  }

 private:
  std::shared_ptr<Round> round_;
};

std::string partition_key(const cloud::SourceEvent& event) {
  json::Document document;
  const auto root = document.parse(event.json);
  const auto key = root && root->is_object() ? root->find("partitionKey") : std::nullopt;
  return key && key->is_string() ? key->as_string() : "";
}

void drop(MappingPart& part, std::size_t count) {
  part.events.erase(part.events.begin(), part.events.begin() + static_cast<std::ptrdiff_t>(count));
  part.failures = 0;
  part.limit = 0;
}

/// Gives up the first records of a part.
asio::awaitable<void> give_up(Core& core, MappingPtr mapping, MappingLanePtr lane, MappingPart& part, std::size_t count,
                              std::string_view condition, Outcome outcome) {
  store::Batch batch;
  std::vector<cloud::SourceEvent> events(part.events.begin(), part.events.begin() + static_cast<std::ptrdiff_t>(count));
  const cloud::AfterCommit after = co_await tell_of_failure(
      core, mapping, lane, std::move(events), std::string(condition), std::move(outcome), part.failures, batch);
  Result<void> committed;
  if (!batch.empty()) committed = co_await core.house.store.commit(std::move(batch));
  if (after) after(committed.has_value());
  if (committed) {
    drop(part, count);
  } else {
    part.retry_at = core.house.clock.now() + mapping_backoff(1);
  }
}

/// Runs one batch of a part.
asio::awaitable<void> work(Core& core, MappingPtr mapping, MappingLanePtr lane, std::size_t index, Share share) {
  static_cast<void>(share);  // its end is what counts
  MappingPart& part = lane->parts[index];
  const MappingConfig& config = *lane->config;
  const Time now = core.house.clock.now();
  std::size_t old = 0;
  while (config.max_age && old < part.events.size() && now - part.events[old].arrived > *config.max_age) ++old;
  if (old > 0) co_return co_await give_up(core, mapping, lane, part, old, kTooOld, {});
  const std::size_t most = part.limit != 0 ? std::min(part.limit, config.batch_size) : config.batch_size;
  const std::size_t count = std::min(most, part.events.size());
  std::vector<cloud::SourceEvent> events(part.events.begin(), part.events.begin() + static_cast<std::ptrdiff_t>(count));
  part.retry_at = now + mapping_backoff(part.failures + 1);  // unless this comes to an end
  Outcome outcome = co_await run_batch(core, lane, std::move(events));
  part.retry_at = {};
  if (outcome.through > 0) drop(part, outcome.through);
  mapping->last_result = outcome.good ? "OK" : "PROBLEM: " + outcome.why;
  if (outcome.good) co_return;
  const std::size_t left = count - outcome.through;
  if (config.bisects && left > 1 && !outcome.version.empty()) {
    part.limit = left / 2;  // splitting counts as no attempt
    co_return;
  }
  ++part.failures;
  if (config.max_retries && part.failures > *config.max_retries) {
    co_return co_await give_up(core, mapping, lane, part, left, kTooOften, std::move(outcome));
  }
  part.limit = left;
  part.retry_at = core.house.clock.now() + mapping_backoff(part.failures);
}

}  // namespace

void make_parts(MappingLane& lane, std::vector<cloud::SourceEvent> events, std::uint64_t next) {
  lane.parts.assign(lane.config->at_once, {});
  lane.next = next;
  for (cloud::SourceEvent& event : events) {
    const std::size_t part = std::hash<std::string>()(partition_key(event)) % lane.parts.size();
    lane.parts[part].events.push_back(std::move(event));
  }
}

asio::awaitable<bool> parts_turn(Core& core, MappingPtr mapping, MappingLanePtr lane) {
  const Time now = core.house.clock.now();
  auto round = std::make_shared<Round>(mapping->owner);
  for (std::size_t i = 0; i < lane->parts.size(); ++i) {
    const MappingPart& part = lane->parts[i];
    if (part.events.empty() || part.retry_at > now) continue;
    mapping->owner.spawn("lambda.mapping-part", work(core, mapping, lane, i, Share(round)));
  }
  while (round->left > 0) co_await round->done.until(core.house.clock.now() + std::chrono::hours(1));
  std::optional<Time> next;
  for (const MappingPart& part : lane->parts) {
    if (!part.events.empty() && (!next || part.retry_at < *next)) next = part.retry_at;
  }
  if (!next) {
    store::Batch nothing;
    const bool done = co_await advance(core, mapping, lane, lane->next, std::move(nothing));
    if (done) lane->parts.clear();
    co_return done;
  }
  if (*next <= core.house.clock.now()) co_return true;
  wake_at(core, lane, *next);
  co_return false;
}

}  // namespace signalbox::lambda
