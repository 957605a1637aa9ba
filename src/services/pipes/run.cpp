// Starting and stopping: lanes take turns while their pipe is active, and a pipe that was stopped comes to rest.
#include <algorithm>

#include "base/spawn.h"
#include "services/pipes/core.h"

namespace signalbox::pipes {
namespace {

/// Whoever waits for a pipe to come to rest looks again so often, should the end of a turn be missed.
constexpr std::chrono::seconds kRestCheck{1};
constexpr Duration kLongestBackoff = std::chrono::minutes(5);

/// A lane that runs, until its turns end, in whichever way: whoever stops the pipe waits for that.
class UnderWay {
 public:
  UnderWay(PipePtr pipe, LanePtr lane) : pipe_(std::move(pipe)), lane_(std::move(lane)) {
    lane_->running = true;
    ++pipe_->turns_under_way;
  }
  ~UnderWay() {
    lane_->running = false;
    --pipe_->turns_under_way;
    for (cloud::Wait* wait : pipe_->waiting_for_rest) wait->wake();
  }
  UnderWay(const UnderWay&) = delete;

 private:
  const PipePtr pipe_;
  const LanePtr lane_;
};

asio::awaitable<void> take_turns(Core& core, PipePtr pipe, LanePtr lane, std::unique_ptr<const UnderWay> under_way) {
  static_cast<void>(under_way);
  std::exception_ptr thrown;
  try {
    bool more = true;
    while (pipe->active && (more || lane->again)) {
      lane->again = false;
      if (pipe->config->from_stream) {
        more = co_await shard_turn(core, pipe, lane);
      } else {
        more = co_await queue_turn(core, pipe, lane);
      }
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  if (!thrown) co_return;
  log_escaped(core.house.log, "pipes.turn", thrown);
  // What it had taken comes again from its source; so does the lane.
  const Time when = core.house.clock.now() + backoff(1);
  pipe->owner.alarms().set(when, [&core, weak = std::weak_ptr<Lane>(lane)] {
    if (const LanePtr held = weak.lock()) pump(core, held);
  });
}

Position place_of(const Config& config, const cloud::StreamSource& streams, const cloud::SourceShard& shard) {
  if (config.start == Config::Start::kTrimHorizon) return {0, false};
  if (config.start == Config::Start::kAtTimestamp) return {streams.position_at(config.start_time), false};
  return {shard.latest, !shard.open};
}

/// What the store knows of the shards of a stream.
Result<std::map<std::uint32_t, Position>> read_positions(const Core& core, std::uint64_t pipe, std::uint64_t stream) {
  std::map<std::uint32_t, Position> positions;
  const store::Key all = store::Key(kPositionSpace).number(pipe).number(stream);
  Result<void> scanned =
      core.house.store.read()->scan(all, all.end(), [&](std::string_view key, std::string_view value) {
        store::KeyReader parts(key);
        parts.text();
        parts.number();
        parts.number();
        const auto shard = parts.number();
        const auto position = store::decode<Position>(value);
        if (shard && position) positions[static_cast<std::uint32_t>(*shard)] = *position;
        return true;
      });
  if (!scanned) return std::unexpected(std::move(scanned).error());
  return positions;
}

LanePtr lane_of(const PipePtr& pipe, const cloud::SourceShard& shard, std::uint64_t stream, std::uint64_t position) {
  auto lane = std::make_shared<Lane>(pipe, pipe->config);
  lane->stream = stream;
  lane->shard = shard.index;
  lane->shard_name = shard.name;
  lane->position = position;
  return lane;
}

}  // namespace

const char* Pipe::state() const {
  return record.desired_running ? model::pipe_state::kRUNNING : model::pipe_state::kSTOPPED;
}

Duration backoff(std::int64_t failures) {
  const Duration wait = std::chrono::seconds(1) * (std::int64_t{1} << std::min<std::int64_t>(failures - 1, 12));
  return std::min(wait, kLongestBackoff);
}

void pump(Core& core, const LanePtr& lane) {
  const PipePtr pipe = lane->pipe.lock();
  if (!pipe || !pipe->active) return;
  if (lane->running) {
    lane->again = true;
    return;
  }
  pipe->owner.spawn("pipes.turn", take_turns(core, pipe, lane, std::make_unique<const UnderWay>(pipe, lane)));
}

cloud::Wake waker(Core& core, const LanePtr& lane) {
  return [&core, weak = std::weak_ptr<Lane>(lane)] {
    const LanePtr held = weak.lock();
    const PipePtr pipe = held ? held->pipe.lock() : nullptr;
    if (pipe) pipe->owner.post([&core, held] { pump(core, held); });
  };
}

void wake_at(Core& core, const LanePtr& lane, Time when) {
  const PipePtr pipe = lane->pipe.lock();
  if (!pipe) return;
  if (lane->alarm) pipe->owner.alarms().cancel(*lane->alarm);
  lane->alarm = pipe->owner.alarms().set(when, [&core, weak = std::weak_ptr<Lane>(lane)] {
    const LanePtr held = weak.lock();
    if (!held) return;
    held->alarm.reset();
    pump(core, held);
  });
}

asio::awaitable<Result<void>> begin_shards(Core& core, PipePtr pipe) {
  const ConfigPtr config = pipe->config;
  const auto stream = co_await core.house.pipe_ends.streams->describe(config->source);
  if (!stream) co_return std::unexpected(stream.error());
  auto positions = read_positions(core, pipe->record.id, stream->id);
  if (!positions) co_return std::unexpected(std::move(positions).error());
  if (positions->empty()) {
    // The first time: where each shard that there is now begins is settled once.
    store::Batch batch;
    for (const cloud::SourceShard& shard : stream->shards) {
      const Position place = place_of(*config, *core.house.pipe_ends.streams, shard);
      (*positions)[shard.index] = place;
      batch.put(position_key(pipe->record.id, stream->id, shard.index), store::encode(place));
    }
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (!committed) co_return committed;
  }
  for (const cloud::SourceShard& shard : stream->shards) {
    const auto known = positions->find(shard.index);
    bool& finished = pipe->finished[shard.index];
    finished = finished || (known != positions->end() && known->second.finished);
  }
  const auto unfinished = [&](std::uint32_t parent) {
    const auto found = pipe->finished.find(parent);
    return found != pipe->finished.end() && !found->second;  // one that is expired is not there
  };
  for (const cloud::SourceShard& shard : stream->shards) {
    const bool runs = std::ranges::any_of(pipe->lanes, [&](const LanePtr& one) { return one->shard == shard.index; });
    if (runs || pipe->finished[shard.index] || std::ranges::any_of(shard.parents, unfinished)) continue;
    const auto known = positions->find(shard.index);
    const std::uint64_t place = known == positions->end() ? 0 : known->second.place;
    pipe->lanes.push_back(lane_of(pipe, shard, stream->id, place));
    pump(core, pipe->lanes.back());
  }
  co_return Result<void>();
}

asio::awaitable<void> start(Core& core, PipePtr pipe) {
  if (pipe->deleted || pipe->active || !pipe->record.desired_running) co_return;
  pipe->active = true;
  if (!pipe->config->from_stream) {
    pipe->lanes.push_back(std::make_shared<Lane>(pipe, pipe->config));
    pump(core, pipe->lanes.back());
    co_return;
  }
  const Result<void> begun = co_await begin_shards(core, pipe);
  if (begun) {
    pipe->failed_starts = 0;
    co_return;
  }
  core.house.log.warning("a pipe cannot start, trying again", {{"pipe", pipe->arn}, {"why", begun.error().message}});
  pipe->active = false;
  pipe->lanes.clear();
  const Time when = core.house.clock.now() + backoff(++pipe->failed_starts);
  pipe->start_alarm = pipe->owner.alarms().set(when, [&core, weak = std::weak_ptr<Pipe>(pipe)] {
    const PipePtr held = weak.lock();
    if (!held) return;
    held->start_alarm.reset();
    held->owner.spawn("pipes.start", restart(core, held));
  });
}

asio::awaitable<void> restart(Core& core, PipePtr pipe) {
  const auto turn = co_await pipe->changes.take();
  co_await start(core, pipe);
}

asio::awaitable<void> stop(Core& core, PipePtr pipe) {
  pipe->active = false;
  if (pipe->start_alarm) pipe->owner.alarms().cancel(*pipe->start_alarm);
  pipe->start_alarm.reset();
  while (pipe->turns_under_way > 0) {
    cloud::Wait wait(pipe->owner);
    const cloud::Listed listed(pipe->waiting_for_rest, &wait);
    co_await wait.until(core.house.clock.now() + kRestCheck);
  }
  for (const LanePtr& lane : pipe->lanes) {
    if (lane->alarm) pipe->owner.alarms().cancel(*lane->alarm);
  }
  pipe->lanes.clear();
  pipe->finished.clear();
}

}  // namespace signalbox::pipes
