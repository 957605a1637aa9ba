#include "services/events/archives/upkeep.h"

#include <algorithm>

namespace signalbox::events {
namespace {

/// Until what could not be done is tried again.
constexpr auto kUpkeepAgain = std::chrono::seconds(1);

using ArchivePtr = Registry<Archive>::Pointer;

ArchivePtr find(Core& core, const Archive& archive) {
  ArchivePtr now = core.archives.archives.find(archive.scope, archive.name);
  return now && now->id == archive.id ? now : nullptr;
}

cloud::Shard& shard_of(Core& core, const Archive& archive) {
  return core.house.shards.owner(archive.bus_id().arn());
}

/// When there is something to do; empty when never.
std::optional<Time> due(const Archive& archive, Time now) {
  std::optional<Time> first = archive.events->waits_to_pack() ? std::optional(now) : archive.events->closes();
  const auto oldest = archive.events->oldest();
  if (archive.retention_days == 0 || !oldest) return first;
  const Time expires = *oldest + std::chrono::days(archive.retention_days);
  return first ? std::min(*first, expires) : expires;
}

asio::awaitable<void> tend(Core& core, ArchivePtr archive);

/// On the bus's shard.
void arm(Core& core, const ArchivePtr& archive, Time not_before) {
  ArchiveUpkeep& upkeep = archive->events->upkeep();
  cloud::Shard& shard = shard_of(core, *archive);
  if (upkeep.alarm) shard.alarms().cancel(*upkeep.alarm);
  upkeep.alarm.reset();
  if (upkeep.tending) return;  // arms anew at its end
  const auto when = due(*archive, core.house.clock.now());
  if (!when) return;
  upkeep.alarm = shard.alarms().set(std::max(*when, not_before), [&core, &shard, archive] {
    archive->events->upkeep().alarm.reset();
    shard.spawn("events.archive-upkeep", tend(core, archive));
  });
}

asio::awaitable<Result<void>> expire(Core& core, ArchivePtr archive) {
  if (archive->retention_days == 0) co_return Result<void>();
  const Time until = core.house.clock.now() - std::chrono::days(archive->retention_days);
  const std::vector<std::uint64_t> old = archive->events->older_than(until);
  if (old.empty()) co_return Result<void>();
  store::Batch batch;
  for (const std::string_view space : kArchiveSpaces) {
    batch.erase_range(archive_key(space, archive->id), segment_key(space, archive->id, old.back()).end());
  }
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (done) {
    for (const std::uint64_t segment : old) archive->events->erase(segment);
  }
  co_return done;
}

/// The next events of a segment that is being packed, after `from`.
Result<std::vector<ArchivedEvent>> read_some(Core& core, std::uint64_t archive, std::uint64_t segment,
                                             const EventPlace& from) {
  std::vector<ArchivedEvent> events;
  std::size_t bytes = 0;
  bool readable = true;
  const auto snapshot = core.house.store.read();
  const store::Key all = segment_key(kEventSpace, archive, segment);
  const Result<void> scanned = snapshot->scan(place_key(kEventSpace, archive, segment, from), all.end(),
                                              [&](std::string_view key, std::string_view value) {
                                                const auto place = read_place(key);
                                                const auto text = decode_event(value);
                                                readable = place && text;
                                                if (!readable) return false;
                                                events.push_back({*place, std::string(*text)});
                                                bytes += text->size();
                                                return bytes < kBlockBytes;
                                              });
  if (!scanned) return std::unexpected(scanned.error());
  if (!readable) return fail("StoreError", "An archived event in the store cannot be read.");
  return events;
}

/// Writes the segment's blocks, and at last, in one commit, puts them in the place of its events.
asio::awaitable<Result<void>> pack(Core& core, ArchivePtr archive, std::uint64_t segment) {
  const std::uint64_t id = archive->id;
  Counter& packed_bytes =
      core.house.metrics.counter("signalbox_events_packed_bytes_total", "Bytes of blocks that archived events became.");
  store::Batch batch;
  const store::Key blocks = segment_key(kBlockSpace, id, segment);
  batch.erase_range(blocks, blocks.end());  // of an attempt that did not come to its end
  EventPlace from{Time::min(), 0};
  for (;;) {
    const auto events = read_some(core, id, segment, from);
    if (!events) co_return std::unexpected(events.error());
    if (events->empty()) break;
    from = events->back().place;
    const std::string block = pack_block(*events);
    packed_bytes.add(block.size());
    batch.put(place_key(kBlockSpace, id, segment, from), block);
    ++from.sequence;
    Result<void> done = co_await core.house.store.commit(std::exchange(batch, {}));
    if (!done) co_return done;
    if (core.archives.draining || !find(core, *archive)) co_return Result<void>();
  }
  SegmentPart whole = archive->events->sum(segment);
  whole.packed = true;
  const store::Key events = segment_key(kEventSpace, id, segment);
  const store::Key parts = segment_key(kPartSpace, id, segment);
  batch.erase_range(events, events.end());
  batch.erase_range(parts, parts.end());
  batch.put(part_key(id, segment, 0), store::encode(whole));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (done) archive->events->packed(segment, whole);
  co_return done;
}

asio::awaitable<void> tend(Core& core, ArchivePtr archive) {
  ArchiveUpkeep& upkeep = archive->events->upkeep();
  if (upkeep.tending) co_return;
  upkeep.tending = true;
  Result<void> done;
  while (done && !core.archives.draining) {
    ArchivePtr now = find(core, *archive);
    if (!now) break;
    archive = std::move(now);
    archive->events->close_full(core.house.clock.now());
    done = co_await expire(core, archive);
    if (!done) break;
    const auto segment = archive->events->next_to_pack();
    if (!segment) break;
    done = co_await pack(core, archive, *segment);
  }
  if (!done) {
    core.house.log.error("an archive could not be tended, trying again",
                         {{"archive", archive->arn()}, {"why", done.error().message}});
  }
  upkeep.tending = false;
  if (core.archives.draining || !find(core, *archive)) co_return;
  arm(core, archive, core.house.clock.now() + kUpkeepAgain);
}

}  // namespace

void begin_upkeep(Core& core, const Archive& archive) {
  Archive place = archive;
  place.events.reset();  // the observer belongs to the events: it must not own them
  archive.events->on_opened([&core, place = std::move(place)] { wake_upkeep(core, place); });
  wake_upkeep(core, archive);
}

void wake_upkeep(Core& core, const Archive& archive) {
  shard_of(core, archive).post([&core, archive] {
    if (const ArchivePtr now = find(core, archive)) arm(core, now, core.house.clock.now());
  });
}

}  // namespace signalbox::events
