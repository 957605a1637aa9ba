// Retention: what is older than a stream keeps goes by ranges, a few times within a retention period. Readers never see
// it before either: they start at the horizon.
#include <algorithm>

#include "services/kinesis/core.h"

namespace signalbox::kinesis {
namespace {

/// Times that a stream is trimmed while one record is kept.
constexpr int kTrimsPerRetention = 24;

/// When the oldest record of a shard from `from` on arrived; none where there is none.
std::optional<Time> oldest(const store::Snapshot& snapshot, const Stream& stream, std::uint32_t shard,
                           std::uint64_t from) {
  std::optional<Time> found;
  const Result<void> scanned =
      snapshot.scan(record_key(stream.id, shard, from), record_key(stream.id, shard, ~std::uint64_t{0}),
                    [&](std::string_view, std::string_view value) {
                      if (const auto record = decode_record(value, stream.house.sealer, stream.arn))
                        found = record->arrived;
                      return false;
                    });
  return scanned ? found : std::nullopt;
}

void set_alarm(Core& core, Stream& stream, Time when) {
  if (stream.trim_alarm) stream.owner.alarms().cancel(*stream.trim_alarm);
  stream.trim_alarm = stream.owner.alarms().set(when, [&core, name = stream.name, id = stream.id] {
    const StreamPtr found = core.find(name);
    if (!found || found->id != id) return;
    found->trim_alarm.reset();
    trim(core, found);
  });
}

Duration retention_of(const Stream& stream) {
  return std::chrono::hours(stream.record.retention_hours);
}

}  // namespace

void arm_trim(Core& core, Stream& stream) {
  if (!stream.trim_alarm) set_alarm(core, stream, core.house.clock.now() + retention_of(stream) + Duration(1));
}

void trim(Core& core, const StreamPtr& stream) {
  if (stream->deleted) return;
  const Time now = core.house.clock.now();
  const std::uint64_t horizon = first_sequence_at(stream->horizon(now));
  const auto snapshot = core.house.store.read();
  store::Batch batch;
  std::optional<Time> first;  // what goes next
  const auto note = [&](Time time) { first = std::min(first.value_or(time), time); };
  std::vector<std::uint32_t> expired;
  for (const auto& [index, shard] : stream->layout.shards()) {
    const bool is_expired = stream->is_expired(shard, now);
    if (oldest(*snapshot, *stream, index, 0).value_or(now) < stream->horizon(now)) {
      batch.erase_range(record_key(stream->id, index, 0), record_key(stream->id, index, horizon));
    }
    if (is_expired) {
      batch.erase(shard_key(stream->id, index));
      expired.push_back(index);
      continue;
    }
    if (!shard.open()) note(shard.closed);
    if (const auto arrived = oldest(*snapshot, *stream, index, horizon)) note(*arrived);
  }
  for (const std::uint32_t index : expired) {
    stream->layout.forget(index);
    stream->traffic.erase(index);
  }
  if (!batch.empty()) core.house.store.commit_later(std::move(batch));
  if (!first) return;
  const Duration retention = retention_of(*stream);
  set_alarm(core, *stream, std::max(*first + retention + Duration(1), now + retention / kTrimsPerRetention));
}

}  // namespace signalbox::kinesis
