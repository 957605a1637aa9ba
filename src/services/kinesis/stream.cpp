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

void write(store::RecordWriter& out, HashKey key) {
  out.number(static_cast<std::uint64_t>(key >> 64U)).number(static_cast<std::uint64_t>(key));
}
HashKey read_hash(store::RecordReader& in) {
  const HashKey high = in.number();
  return high << 64U | in.number();
}

void write(store::RecordWriter& out, const Tags& tags) {
  out.number(tags.size());
  for (const auto& [key, value] : tags) out.text(key).text(value);
}
Tags read_tags(store::RecordReader& in) {
  Tags tags;
  for (auto left = in.number(); left > 0 && in.ok(); --left) {
    std::string key = in.text();
    tags[std::move(key)] = in.text();
  }
  return tags;
}

void write(store::RecordWriter& out, const std::optional<std::uint32_t>& index) {
  out.optional_integer(index ? std::optional<std::int64_t>(*index) : std::nullopt);
}
std::optional<std::uint32_t> read_index(store::RecordReader& in) {
  const auto index = in.optional_integer();
  return index ? std::optional(static_cast<std::uint32_t>(*index)) : std::nullopt;
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

std::string encode(const StreamRecord& record) {
  store::RecordWriter out(kStreamVersion);
  out.number(record.id).integer(ticks(record.created)).flag(record.on_demand).integer(record.retention_hours);
  out.integer(record.max_record_kib).integer(ticks(record.trimmed));
  write(out, record.tags);
  out.text(record.key_id).number(record.shard_metrics.size());
  for (const std::string& metric : record.shard_metrics) out.text(metric);
  return std::move(out).take();
}

std::string encode(const Consumer& consumer) {
  store::RecordWriter out(kVersion);
  out.text(consumer.name).integer(ticks(consumer.created));
  write(out, consumer.tags);
  return std::move(out).take();
}

std::optional<Consumer> decode_consumer(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  Consumer consumer;
  consumer.name = in.text();
  consumer.created = time_of(in.integer());
  consumer.tags = read_tags(in);
  if (!in.complete()) return std::nullopt;
  return consumer;
}

std::optional<StreamRecord> decode_stream(std::string_view bytes) {
  store::RecordReader in(bytes, kStreamVersion);
  StreamRecord record;
  record.id = in.number();
  record.created = time_of(in.integer());
  record.on_demand = in.flag();
  record.retention_hours = static_cast<std::int32_t>(in.integer());
  record.max_record_kib = static_cast<std::int32_t>(in.integer());
  record.trimmed = time_of(in.integer());
  record.tags = read_tags(in);
  if (in.version() >= kStreamVersion) {
    record.key_id = in.text();
    for (auto left = in.number(); left > 0 && in.ok(); --left) record.shard_metrics.insert(in.text());
  }
  if (!in.complete()) return std::nullopt;
  return record;
}

std::string encode(const Shard& shard) {
  store::RecordWriter out(kVersion);
  out.number(shard.index);
  write(out, shard.parent);
  write(out, shard.adjacent_parent);
  write(out, shard.first);
  write(out, shard.last);
  out.number(shard.starting).flag(shard.open()).number(shard.ending.value_or(0));
  out.integer(ticks(shard.created)).integer(ticks(shard.closed));
  return std::move(out).take();
}

std::optional<Shard> decode_shard(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  Shard shard;
  shard.index = static_cast<std::uint32_t>(in.number());
  shard.parent = read_index(in);
  shard.adjacent_parent = read_index(in);
  shard.first = read_hash(in);
  shard.last = read_hash(in);
  shard.starting = in.number();
  const bool open = in.flag();
  const std::uint64_t ending = in.number();
  if (!open) shard.ending = ending;
  shard.created = time_of(in.integer());
  shard.closed = time_of(in.integer());
  if (!in.complete()) return std::nullopt;
  return shard;
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
