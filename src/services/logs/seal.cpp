// From the tail to chunks: what has arrived is sorted, compressed and put where it stays.
#include <algorithm>
#include <deque>
#include <map>

#include "services/logs/core.h"

namespace signalbox::logs {
namespace {

/// A tail of this size is sealed; one seal takes no more than the second, for its memory.
constexpr std::uint64_t kSealBytes = 2 * 1024 * 1024;
constexpr std::uint64_t kMaxSealBytes = 8 * 1024 * 1024;
constexpr std::uint64_t kSealFrames = 16 * 1024;
/// Messages of a chunk: large enough to compress well, small enough to read one for a page of events.
constexpr std::uint64_t kChunkBytes = 1024 * 1024;

struct Sealed {
  std::vector<MadeChunk> chunks;
  std::vector<std::uint32_t> streams;
  std::uint64_t until = 0;  // the tail goes on with this event
  std::uint64_t bytes = 0;
  std::uint64_t frames = 0;
};

/// Reads frames [view.head, until) and makes chunks of those of their events that are still wanted.
Result<Sealed> make(const View& view, std::uint64_t until, std::uint64_t next_chunk) {
  Sealed sealed;
  sealed.until = view.head;
  std::deque<std::string> frames;  // the events refer to them
  std::vector<Event> events;
  bool broken = false;
  Result<void> scanned = view.snapshot->scan(frame_key(view.group, view.head), frame_key(view.group, until),
                                             [&](std::string_view key, std::string_view value) {
                                               const auto number = number_in_key(key);
                                               FrameReader frame(frames.emplace_back(value), number.value_or(0));
                                               while (const auto event = frame.next()) {
                                                 sealed.bytes += event->message.size() + kEventOverhead;
                                                 if (event->at.time >= view.expired_before) events.push_back(*event);
                                               }
                                               broken = !number || !frame.ok();
                                               sealed.until = number.value_or(0) + frame.count();
                                               ++sealed.frames;
                                               return !broken && sealed.bytes < kMaxSealBytes;
                                             });
  if (!scanned) return std::unexpected(std::move(scanned).error());
  if (broken) return unreadable("log events");
  for (const Event& event : events) sealed.streams.push_back(event.stream);
  std::ranges::sort(sealed.streams);
  sealed.streams.erase(std::ranges::unique(sealed.streams).begin(), sealed.streams.end());
  const auto alive = view.streams->find_all(sealed.streams);
  std::erase_if(events, [&](const Event& event) {
    return !alive[static_cast<std::size_t>(std::ranges::lower_bound(sealed.streams, event.stream) -
                                           sealed.streams.begin())];
  });
  std::ranges::sort(events, {}, &Event::at);
  for (auto first = events.begin(); first != events.end();) {
    std::uint64_t bytes = 0;
    auto last = first;
    while (last != events.end() && bytes < kChunkBytes) bytes += (last++)->message.size() + kEventOverhead;
    sealed.chunks.push_back(make_chunk(next_chunk++, {first, last}));
    first = last;
  }
  return sealed;
}

void add_chunks(Core& core, const Group& group, const Sealed& sealed, store::Batch& batch, ChunkList& list) {
  for (const MadeChunk& chunk : sealed.chunks) {
    batch.put(chunk_key(group.id, chunk.info.id), chunk.bytes);
    batch.put(chunk_info_key(group.id, chunk.info.id), store::encode(chunk.info));
    list.push_back(std::make_shared<const ChunkInfo>(chunk.info));
    core.figures.sealed_bytes.add(chunk.info.bytes);
    core.figures.chunk_bytes.add(chunk.bytes.size());
  }
}

asio::awaitable<Result<void>> seal(Core& core, GroupPtr group) {
  const View view = group->view(core.house.clock.now());
  const std::uint64_t until = group->settled_until();
  auto work = [&] { return make(view, until, group->next_chunk); };
  Result<Sealed> sealed = co_await core.workers.run(work);
  if (!sealed) co_return std::unexpected(std::move(sealed).error());
  if (group->deleted || sealed->until == view.head) co_return Result<void>();
  store::Batch batch;
  ChunkList list = group->chunks();
  add_chunks(core, *group, *sealed, batch, list);
  for (const StreamPtr& stream : group->streams().find_all(sealed->streams)) {
    if (stream) batch.put(stream_key(group->id, stream->name), store::encode(stream->record));
  }
  batch.put(head_key(group->id), store::encode(store::NumberRecord{sealed->until}));
  batch.erase_range(frame_key(group->id, view.head), frame_key(group->id, sealed->until));
  // From here on readers know the chunks; a snapshot that has them not yet has the frames.
  group->next_chunk += sealed->chunks.size();
  group->set_chunks(std::move(list));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (!done) {
    std::erase_if(list = group->chunks(), [&](const auto& chunk) { return chunk->id >= group->first_uncertain_chunk; });
    group->set_chunks(std::move(list));
    co_return done;
  }
  group->first_uncertain_chunk = group->next_chunk;
  group->head = sealed->until;
  group->tail_bytes -= std::min(group->tail_bytes, sealed->bytes);
  group->tail_frames -= std::min(group->tail_frames, sealed->frames);
  co_return done;
}

asio::awaitable<void> seal_now(Core& core, GroupPtr group) {
  const Result<void> done = co_await seal(core, group);
  group->sealing = false;
  if (!done)
    core.house.log.error("log events could not be sealed", {{"group", group->name}, {"why", done.error().message}});
  // After a failure the next event tries again.
  if (done) seal_when_due(core, group);
}

}  // namespace

void seal_when_due(Core& core, const GroupPtr& group) {
  if (group->sealing || group->deleted) return;
  if (group->tail_bytes < kSealBytes && group->tail_frames < kSealFrames) return;
  if (group->settled_until() == group->head) return;
  group->sealing = true;
  group->shard.spawn("logs.seal", seal_now(core, group));
}

}  // namespace signalbox::logs
