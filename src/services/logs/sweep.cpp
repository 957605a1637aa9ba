// Retention: what has expired is erased, in ranges of whole chunks. That it has expired is decided when it is read, so
// when this happens makes no difference but for the space.
#include <algorithm>

#include "services/logs/core.h"

namespace signalbox::logs {
namespace {

constexpr Millis kDay = 24LL * 3600 * 1000;
/// Alarms are on whole hours, so that a group's chunks go many at a time.
constexpr Millis kSweepHour = 3600LL * 1000;

/// When the first chunk, or the tail, has expired altogether; empty when there is nothing that could.
std::optional<Millis> first_expiry(const Group& group, std::int32_t days) {
  std::optional<Millis> first;
  const auto consider = [&](Millis max_time) { first = std::min(first.value_or(max_time), max_time); };
  for (const auto& chunk : group.chunks()) consider(chunk->max_time);
  if (group.tail_frames > 0) consider(group.tail_max_time);
  if (first) *first += days * kDay + 1;
  return first;
}

/// Adds the erasure of `gone`, sorted by id, run by run.
void erase_chunks(const Group& group, const ChunkList& gone, store::Batch& batch) {
  for (std::size_t i = 0; i < gone.size();) {
    std::size_t end = i + 1;
    while (end < gone.size() && gone[end]->id == gone[end - 1]->id + 1) ++end;
    const std::uint64_t after = gone[end - 1]->id + 1;
    batch.erase_range(chunk_key(group.id, gone[i]->id), chunk_key(group.id, after));
    batch.erase_range(chunk_info_key(group.id, gone[i]->id), chunk_info_key(group.id, after));
    i = end;
  }
}

bool has_live_stream(const ChunkInfo& chunk, const StreamTable& streams) {
  return std::ranges::any_of(streams.find_all(chunk.stream_ids()),
                             [](const StreamPtr& stream) { return stream != nullptr; });
}

asio::awaitable<void> sweep_now(Core& core, GroupPtr group) {
  Result<void> done = group->deleted ? Result<void>() : group->open();
  if (done && !group->deleted) done = co_await sweep(core, group);
  if (!done)
    core.house.log.error("expired log events could not be erased",
                         {{"group", group->name}, {"why", done.error().message}});
  sweep_when_due(core, group);
}

}  // namespace

asio::awaitable<Result<void>> sweep(Core& core, GroupPtr group) {
  group->has_garbage = false;
  const Millis expired = group->record()->expired_before(core.house.clock.now());
  ChunkList gone;
  ChunkList kept;
  for (const auto& chunk : group->chunks()) {
    const bool certain = chunk->id < group->first_uncertain_chunk;
    const bool over = chunk->max_time < expired || !has_live_stream(*chunk, group->streams());
    (certain && over ? gone : kept).push_back(chunk);
  }
  store::Batch batch;
  erase_chunks(*group, gone, batch);
  const std::uint64_t until = group->settled_until();
  const bool tail_too =
      !group->sealing && group->tail_frames > 0 && group->tail_max_time < expired && until > group->head;
  if (tail_too) {
    batch.erase_range(frame_key(group->id, group->head), frame_key(group->id, until));
    batch.put(head_key(group->id), store::encode(store::NumberRecord{until}));
    group->head = until;  // what is behind is not seen any more, whether its erasure succeeds or not
    group->tail_bytes = 0;
    group->tail_frames = 0;
    group->tail_max_time = 0;
  }
  if (batch.empty()) co_return Result<void>();
  if (!gone.empty()) group->set_chunks(std::move(kept));
  co_return co_await core.house.store.commit(std::move(batch));
}

void sweep_when_due(Core& core, const GroupPtr& group) {
  const std::int32_t days = group->record()->retention_days;
  if (group->sweep_alarm || group->deleted || (days == 0 && !group->has_garbage)) return;
  const Millis now = millis_of(core.house.clock.now());
  // A group that was not opened yet may have anything.
  const auto first = group->is_open() && !group->has_garbage ? first_expiry(*group, days) : std::optional(now);
  if (!first) return;
  const Millis due = (std::max(*first, now) / kSweepHour + 1) * kSweepHour;
  group->sweep_alarm = group->shard.alarms().set(Time(Duration(due)), [&core, group] {
    group->sweep_alarm.reset();
    group->shard.spawn("logs.sweep", sweep_now(core, group));
  });
}

}  // namespace signalbox::logs
