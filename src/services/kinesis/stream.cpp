#include "services/kinesis/stream.h"

#include <algorithm>
#include <utility>

#include "models/kinesis.h"
#include "store/record.h"

namespace signalbox::kinesis {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kStreamVersion = 2;  // 1 had no key and no shard-level metrics
constexpr std::uint8_t kSealed = 2;         // version of records whose data is sealed

std::int64_t ticks(Time time) {
  return time.time_since_epoch().count();
}
Time time_of(std::int64_t count) {
  return Time(Duration(count));
}

}  // namespace

Traffic& Stream::traffic_of(std::uint32_t shard) {
  Traffic& found = traffic[shard];
  if (record.shard_metrics.empty()) {
    found.measures.reset();
  } else if (!found.measures || found.measures->names != record.shard_metrics) {
    found.measures =
        std::make_unique<ShardMeasures>(house.measures, name.scope, name.name, shard_name(shard), record.shard_metrics);
  }
  return found;
}

const char* Stream::encryption_type() const {
  return is_encrypted() ? models::kinesis::encryption_type::kKMS : models::kinesis::encryption_type::kNONE;
}

std::uint64_t Stream::next_sequence(Time now) {
  last_sequence = std::max(last_sequence + 1, first_sequence_at(now));
  return last_sequence;
}

void Stream::wake_watchers() {
  for (const auto& watcher : std::exchange(watchers, {})) watcher();
}

Time Stream::horizon(Time now) const {
  return std::max(record.trimmed, now - std::chrono::hours(record.retention_hours));
}

bool Stream::is_expired(const Shard& shard, Time now) const {
  return !shard.open() && shard.closed < horizon(now);
}

const Shard* Stream::find_shard(std::uint32_t index, Time now) const {
  const Shard* const shard = layout.at(index);
  return shard != nullptr && is_expired(*shard, now) ? nullptr : shard;
}

std::string encode_record(std::string_view partition_key, std::string_view data, Time arrived) {
  store::RecordWriter out(kVersion);
  out.integer(ticks(arrived)).text(partition_key).text(data);
  return std::move(out).take();
}

std::string seal_record(const Sealer& sealer, const std::string& stream, std::string_view partition_key,
                        std::string_view data, Time arrived) {
  store::RecordWriter out(kSealed);
  out.integer(ticks(arrived)).text(partition_key).text(sealer.seal(data, stream));
  return std::move(out).take();
}

std::optional<StoredRecord> decode_record(std::string_view bytes, const Sealer& sealer, const std::string& stream) {
  store::RecordReader in(bytes, kSealed);
  StoredRecord record;
  record.arrived = time_of(in.integer());
  record.partition_key = in.text();
  record.data = in.text();
  if (!in.complete()) return std::nullopt;
  if (in.version() == kSealed) {
    auto data = sealer.open(record.data, stream);
    if (!data) return std::nullopt;
    record.data = *std::move(data);
    record.sealed = true;
  }
  return record;
}

store::Key stream_key(const StreamName& name) {
  return store::Key(kStreamSpace).text(name.scope.account).text(name.scope.region).text(name.name);
}

store::Key shard_key(std::uint64_t stream, std::uint32_t shard) {
  return store::Key(kShardSpace).number(stream).number(shard);
}

store::Key consumer_key(std::uint64_t stream, const std::string& consumer) {
  return store::Key(kConsumerSpace).number(stream).text(consumer);
}

store::Key record_key(std::uint64_t stream, std::uint32_t shard, std::uint64_t sequence) {
  return store::Key(kRecordSpace).number(stream).number(shard).number(sequence);
}

}  // namespace signalbox::kinesis
