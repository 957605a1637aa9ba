#include "services/kinesis/stream.h"

#include <algorithm>
#include <utility>

#include "store/record.h"

namespace signalbox::kinesis {
namespace {

constexpr std::uint8_t kVersion = 1;

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

void write(store::RecordWriter& out, const std::optional<std::uint32_t>& index) {
  out.optional_integer(index ? std::optional<std::int64_t>(*index) : std::nullopt);
}
std::optional<std::uint32_t> read_index(store::RecordReader& in) {
  const auto index = in.optional_integer();
  return index ? std::optional(static_cast<std::uint32_t>(*index)) : std::nullopt;
}

}  // namespace

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

std::optional<StoredRecord> decode_record(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  StoredRecord record;
  record.arrived = time_of(in.integer());
  record.partition_key = in.text();
  record.data = in.text();
  if (!in.complete()) return std::nullopt;
  return record;
}

std::string encode(const StreamRecord& record) {
  store::RecordWriter out(kVersion);
  out.number(record.id).integer(ticks(record.created)).flag(record.on_demand).integer(record.retention_hours);
  out.integer(record.max_record_kib).integer(ticks(record.trimmed)).number(record.tags.size());
  for (const auto& [key, value] : record.tags) out.text(key).text(value);
  return std::move(out).take();
}

std::optional<StreamRecord> decode_stream(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  StreamRecord record;
  record.id = in.number();
  record.created = time_of(in.integer());
  record.on_demand = in.flag();
  record.retention_hours = static_cast<std::int32_t>(in.integer());
  record.max_record_kib = static_cast<std::int32_t>(in.integer());
  record.trimmed = time_of(in.integer());
  for (auto left = in.number(); left > 0 && in.ok(); --left) {
    std::string key = in.text();
    record.tags[std::move(key)] = in.text();
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

store::Key record_key(std::uint64_t stream, std::uint32_t shard, std::uint64_t sequence) {
  return store::Key(kRecordSpace).number(stream).number(shard).number(sequence);
}

}  // namespace signalbox::kinesis
