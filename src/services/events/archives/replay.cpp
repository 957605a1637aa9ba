#include "services/events/archives/replay.h"

#include "services/events/archives/reader.h"
#include "services/events/delivery.h"
#include "services/events/router.h"

namespace signalbox::events {
namespace {

/// What one commit replays: enough to make its cost small, and little enough that others on the shard need not wait.
constexpr std::size_t kChunkEvents = 500;
constexpr std::size_t kChunkBytes = 1024 * 1024;
/// After the store refused a chunk.
constexpr auto kReplayAgain = std::chrono::seconds(1);

using ReplayPtr = Registry<Replay>::Pointer;
using ArchivePtr = Registry<Archive>::Pointer;

cloud::Shard& shard_of(Core& core, const Replay& replay) {
  return core.house.shards.owner(BusId{replay.scope, replay.order->bus}.arn());
}

ArchivePtr archive_of(Core& core, const Replay& replay) {
  ArchivePtr archive = core.archives.archives.find(replay.scope, replay.order->archive);
  return archive && archive->id == replay.order->archive_id ? archive : nullptr;
}

/// The event as a replay has it.
void name_replay(std::string_view event, const std::string& replay, std::string& into) {
  into.assign(event.substr(0, event.size() - 1));
  into.append(R"(,"replay-name":")").append(replay).append("\"}");
}

/// Replays the next chunk; false when there are no more events.
asio::awaitable<Result<bool>> step(Core& core, ReplayPtr replay, ArchiveReader& reader) {
  const ReplayOrder& order = *replay->order;
  const BusId bus{replay->scope, order.bus};
  Router router(core);
  ReplayMark mark = replay->mark;
  std::string text;
  std::size_t bytes = 0;
  std::size_t count = 0;
  bool more = true;
  for (std::size_t looked = 0; looked < kChunkEvents && bytes < kChunkBytes; ++looked) {
    const auto event = reader.next();
    if (!event) co_return std::unexpected(event.error());
    more = *event != nullptr;
    if (!more) break;
    const auto& [place, plain] = **event;
    if (place.sequence >= order.sequences) continue;
    name_replay(plain, replay->name, text);
    if (!router.replay(bus, text, order.rules)) {
      core.house.log.warning("an archived event cannot be read", {{"replay", replay->arn()}});
    }
    mark.last = place;
    bytes += text.size();
    ++count;
  }
  mark.events += count;
  if (count > 0) {
    store::Batch batch;
    batch.put(mark_key_of(*replay), store::encode(mark));
    Result<void> delivered = co_await deliver(core, router.take(), std::move(batch));
    if (!delivered) co_return std::unexpected(std::move(delivered).error());
    core.figures.replayed.add(count);
  }
  Replay changed = *core.archives.replays.find(replay->scope, replay->name);
  if (changed.state == kStarting) changed.state = kRunning;
  changed.mark = mark;
  core.archives.replays.put(std::move(changed));
  co_return more;
}

asio::awaitable<Result<void>> finish(Core& core, Replay replay, std::string_view state, std::string reason) {
  replay.state = state;
  replay.reason = std::move(reason);
  replay.ended = core.house.clock.now();
  core.archives.replays.put(replay);
  store::Batch batch;
  batch.put(key_of(replay), store::encode(replay));
  co_return co_await core.house.store.commit(std::move(batch));
}

/// Errors: those of the store.
asio::awaitable<Result<void>> run(Core& core, ReplayPtr replay) {
  ArchivePtr archive = archive_of(core, *replay);
  EventPlace from{replay->order->from, 0};
  if (replay->mark.last) from = {replay->mark.last->time, replay->mark.last->sequence + 1};
  std::optional<ArchiveReader> reader;
  if (archive) reader.emplace(core.house.store, *archive->events, from, replay->order->to);
  for (bool more = true;;) {
    if (core.archives.draining) co_return Result<void>();
    replay = core.archives.replays.find(replay->scope, replay->name);
    if (replay->state == kCancelling) co_return co_await finish(core, *replay, kCancelled, "");
    archive = archive_of(core, *replay);
    if (!archive) {
      co_return co_await finish(core, *replay, kFailed, "Archive " + replay->order->archive + " was deleted.");
    }
    if (!more) co_return co_await finish(core, *replay, kCompleted, "");
    const Result<bool> stepped = co_await step(core, replay, *reader);
    if (!stepped) co_return std::unexpected(stepped.error());
    more = *stepped;
  }
}

asio::awaitable<void> run_here(Core& core, ReplayPtr replay) {
  const Result<void> done = co_await run(core, replay);
  if (done) co_return;
  core.house.log.error("a replay cannot go on, trying again",
                       {{"replay", replay->arn()}, {"why", done.error().message}});
  cloud::Shard& shard = shard_of(core, *replay);
  shard.alarms().set(core.house.clock.now() + kReplayAgain,
                     [&core, replay] { run_replay(core, *core.archives.replays.find(replay->scope, replay->name)); });
}

}  // namespace

void run_replay(Core& core, const Replay& replay) {
  shard_of(core, replay).spawn("events.replay", run_here(core, std::make_shared<const Replay>(replay)));
}

}  // namespace signalbox::events
