// Starting and stopping mappings: lanes take turns while their mapping is active.
#include <algorithm>

#include "base/spawn.h"
#include "services/lambda/mappings.h"
#include "services/lambda/rights.h"

namespace signalbox::lambda {
namespace {

constexpr std::chrono::seconds kRestCheck{1};
constexpr Duration kLongestBackoff = std::chrono::minutes(1);

asio::awaitable<void> take_turns(Core& core, MappingPtr mapping, MappingLanePtr lane, UnderWayPtr under_way) {
  static_cast<void>(under_way);
  std::exception_ptr thrown;
  try {
    bool more = true;
    while (mapping->active && (more || lane->again)) {
      lane->again = false;
      if (mapping->config->from_stream) {
        more = co_await shard_turn(core, mapping, lane);
      } else {
        more = co_await queue_turn(core, mapping, lane);
      }
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  lane->running = false;
  if (!thrown) co_return;
  log_escaped(core.house.log, "lambda.mapping", thrown);
  wake_at(core, lane, core.house.clock.now() + mapping_backoff(++lane->failures));
}

Position place_of(const MappingConfig& config, const cloud::StreamSource& streams, const cloud::SourceShard& shard) {
  namespace position = model::event_source_position;
  if (config.starting_position == position::kTRIMHORIZON) return {0, false};
  if (config.starting_position == position::kATTIMESTAMP) return {streams.position_at(config.starting_time), false};
  return {shard.latest, !shard.open};
}

Result<std::map<std::uint32_t, Position>> read_positions(const Core& core, std::uint64_t mapping,
                                                         std::uint64_t stream) {
  std::map<std::uint32_t, Position> positions;
  const store::Key all = store::Key(kPositionSpace).number(mapping).number(stream);
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

MappingLanePtr lane_of(const MappingPtr& mapping) {
  auto lane = std::make_shared<MappingLane>();
  lane->mapping = mapping;
  lane->config = mapping->config;
  return lane;
}

}  // namespace

store::Key position_key(std::uint64_t mapping, std::uint64_t stream, std::uint32_t shard) {
  return store::Key(kPositionSpace).number(mapping).number(stream).number(shard);
}

Duration mapping_backoff(std::int64_t failures) {
  const Duration wait = std::chrono::seconds(1) * (std::int64_t{1} << std::min<std::int64_t>(failures - 1, 12));
  return std::min(wait, kLongestBackoff);
}

UnderWay::UnderWay(MappingPtr mapping) : mapping_(std::move(mapping)) {
  ++mapping_->under_way;
}

UnderWay::~UnderWay() {
  --mapping_->under_way;
  for (cloud::Wait* wait : mapping_->waiting_for_rest) wait->wake();
}

void pump(Core& core, const MappingLanePtr& lane) {
  const MappingPtr mapping = lane->mapping.lock();
  if (!mapping || !mapping->active) return;
  if (lane->running) {
    lane->again = true;
    return;
  }
  lane->running = true;
  mapping->owner.spawn("lambda.mapping", take_turns(core, mapping, lane, std::make_unique<const UnderWay>(mapping)));
}

cloud::Wake waker(Core& core, const MappingLanePtr& lane) {
  return [&core, weak = std::weak_ptr<MappingLane>(lane)] {
    const MappingLanePtr held = weak.lock();
    const MappingPtr mapping = held ? held->mapping.lock() : nullptr;
    if (mapping) mapping->owner.post([&core, held] { pump(core, held); });
  };
}

void wake_at(Core& core, const MappingLanePtr& lane, Time when) {
  const MappingPtr mapping = lane->mapping.lock();
  if (!mapping) return;
  if (lane->alarm) mapping->owner.alarms().cancel(*lane->alarm);
  lane->alarm = mapping->owner.alarms().set(when, [&core, weak = std::weak_ptr<MappingLane>(lane)] {
    const MappingLanePtr held = weak.lock();
    if (!held) return;
    held->alarm.reset();
    pump(core, held);
  });
}

asio::awaitable<Result<void>> begin_shards(Core& core, MappingPtr mapping) {
  const MappingConfigPtr config = mapping->config;
  const auto stream = co_await core.house.pipe_ends.streams->describe(config->source);
  if (!stream) co_return std::unexpected(stream.error());
  auto positions = read_positions(core, mapping->record.number, stream->id);
  if (!positions) co_return std::unexpected(std::move(positions).error());
  if (positions->empty()) {
    // The first time: where each shard that there is now begins is settled once.
    store::Batch batch;
    for (const cloud::SourceShard& shard : stream->shards) {
      const Position place = place_of(*config, *core.house.pipe_ends.streams, shard);
      (*positions)[shard.index] = place;
      batch.put(position_key(mapping->record.number, stream->id, shard.index),
                store::encode(Position{place.place, place.finished}));
    }
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (!committed) co_return committed;
  }
  for (const cloud::SourceShard& shard : stream->shards) {
    const auto known = positions->find(shard.index);
    bool& finished = mapping->finished[shard.index];
    finished = finished || (known != positions->end() && known->second.finished);
  }
  const auto unfinished = [&](std::uint32_t parent) {
    const auto found = mapping->finished.find(parent);
    return found != mapping->finished.end() && !found->second;  // one that is expired is not there
  };
  for (const cloud::SourceShard& shard : stream->shards) {
    const auto is_its = [&](const MappingLanePtr& one) { return one->shard == shard.index; };
    if (std::ranges::any_of(mapping->lanes, is_its) || mapping->finished[shard.index]) continue;
    if (std::ranges::any_of(shard.parents, unfinished)) continue;
    const auto known = positions->find(shard.index);
    MappingLanePtr lane = lane_of(mapping);
    lane->stream = stream->id;
    lane->shard = shard.index;
    lane->shard_name = shard.name;
    lane->position = known == positions->end() ? 0 : known->second.place;
    mapping->lanes.push_back(lane);
    pump(core, lane);
  }
  co_return Result<void>();
}

asio::awaitable<Result<void>> may_read(Core& core, MappingConfigPtr config) {
  const FunctionPtr function = core.find(config->function.function);
  if (!function) co_return Result<void>();  // that it is not there is told when it is to run
  const std::string service = config->from_stream ? "kinesis:" : "sqs:";
  std::vector<std::string> calls(1, "GetRecords");
  if (!config->from_stream) calls = {"ReceiveMessage", "DeleteMessage"};
  for (const std::string& call : calls) {
    const Result<void> may = co_await role_may(core, function, service + call, config->source);
    if (may) continue;
    if (may.error().http_status >= 500) co_return may;
    std::string why = "The provided execution role does not have permissions to call " + call + " on SQS";
    if (config->from_stream) {
      why = "Cannot access stream " + config->source +
            ". Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, ListShards, and "
            "ListStreams Actions on your stream in IAM.";
    }
    co_return fail("InvalidParameterValueException", std::move(why));
  }
  co_return Result<void>();
}

static asio::awaitable<Result<void>> begin(Core& core, MappingPtr mapping) {
  Result<void> may = co_await may_read(core, mapping->config);
  if (!may) co_return may;
  if (mapping->config->from_stream) co_return co_await begin_shards(core, mapping);
  mapping->lanes.push_back(lane_of(mapping));
  pump(core, mapping->lanes.back());
  co_return may;
}

asio::awaitable<void> start(Core& core, MappingPtr mapping) {
  if (mapping->deleted || mapping->active || !mapping->record.enabled) co_return;
  mapping->active = true;
  const Result<void> begun = co_await begin(core, mapping);
  if (begun) {
    mapping->failed_starts = 0;
    co_return;
  }
  core.house.log.warning("an event source mapping cannot start, trying again",
                         {{"mapping", mapping->id}, {"why", begun.error().message}});
  mapping->active = false;
  mapping->last_result = "PROBLEM: " + begun.error().message;
  mapping->lanes.clear();
  const Time when = core.house.clock.now() + mapping_backoff(++mapping->failed_starts);
  mapping->start_alarm = mapping->owner.alarms().set(when, [&core, weak = mapping->weak_from_this()] {
    const MappingPtr held = weak.lock();
    if (!held) return;
    held->start_alarm.reset();
    held->owner.spawn("lambda.mapping-start", restart(core, held));
  });
}

asio::awaitable<void> restart(Core& core, MappingPtr mapping) {
  const auto turn = co_await mapping->changes.take();
  co_await start(core, mapping);
}

asio::awaitable<void> stop(Core& core, MappingPtr mapping) {
  mapping->active = false;
  if (mapping->start_alarm) mapping->owner.alarms().cancel(*mapping->start_alarm);
  mapping->start_alarm.reset();
  while (mapping->under_way > 0) {
    cloud::Wait wait(mapping->owner);
    const cloud::Listed listed(mapping->waiting_for_rest, &wait);
    co_await wait.until(core.house.clock.now() + kRestCheck);
  }
  for (const MappingLanePtr& lane : mapping->lanes) {
    if (lane->alarm) mapping->owner.alarms().cancel(*lane->alarm);
  }
  mapping->lanes.clear();
  mapping->finished.clear();
}

}  // namespace signalbox::lambda
