#include "services/kinesis/read.h"

#include <algorithm>

#include "base/time_text.h"

namespace signalbox::kinesis {
namespace {

using cloud::Call;

constexpr std::int32_t kMaxRecords = 10'000;
constexpr Duration kIteratorLife = std::chrono::minutes(5);

std::unexpected<Error> bad_sequence(const Stream& stream, const model::GetShardIteratorInput& request) {
  return invalid_argument("StartingSequenceNumber " + request.starting_sequence_number.value_or("") +
                          " used in GetShardIterator on shard " + *request.shard_id + " in " + described(stream.name) +
                          " is invalid.");
}

Result<std::uint64_t> position_at_sequence(const Core& core, const Stream& stream, const Shard& shard,
                                           const model::GetShardIteratorInput& request) {
  const auto number = SequenceNumber::parse(request.starting_sequence_number.value_or(""));
  if (!number || number->stream != stream.id || number->shard != shard.index) return bad_sequence(stream, request);
  const auto known = was_given_out(core, stream, *number);
  if (!known) return std::unexpected(known.error());
  if (!*known) return bad_sequence(stream, request);
  return number->sequence;
}

Result<std::uint64_t> position_of(const Core& core, const Stream& stream, const Shard& shard,
                                  const model::GetShardIteratorInput& request, Time now) {
  namespace type = model::shard_iterator_type;
  const std::string& wanted = *request.shard_iterator_type;
  const bool by_sequence = wanted == type::kATSEQUENCENUMBER || wanted == type::kAFTERSEQUENCENUMBER;
  if (by_sequence != request.starting_sequence_number.has_value()) {
    return invalid_argument(by_sequence ? "Must specify startingSequenceNumber with iterator type " + wanted + "."
                                        : "StartingSequenceNumber cannot be given with iterator type " + wanted + ".");
  }
  if ((wanted == type::kATTIMESTAMP) != request.timestamp.has_value()) {
    return invalid_argument(wanted == type::kATTIMESTAMP
                                ? "Must specify timestampInMillis with iterator type " + wanted + "."
                                : "Timestamp cannot be given with iterator type " + wanted + ".");
  }
  if (wanted == type::kTRIMHORIZON) return std::uint64_t{0};
  if (wanted == type::kLATEST) return shard.ending.value_or(stream.last_sequence) + 1;
  if (wanted == type::kATTIMESTAMP) {
    if (*request.timestamp > now) {
      return invalid_argument(
          "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
          "timestampInMillis: " +
          std::to_string(request.timestamp->time_since_epoch().count()) +
          ", currentTimestampInMillis: " + std::to_string(now.time_since_epoch().count()));
    }
    return first_sequence_at(*request.timestamp);
  }
  auto position = position_at_sequence(core, stream, shard, request);
  if (position && wanted == type::kAFTERSEQUENCENUMBER) ++*position;
  return position;
}

Answer<model::GetShardIteratorOutput> get_iterator(Core& core, Stream& stream,
                                                   const model::GetShardIteratorInput& request) {
  const auto shard = need_shard(core, stream, *request.shard_id);
  if (!shard) co_return std::unexpected(shard.error());
  const Time now = core.house.clock.now();
  const auto position = position_of(core, stream, **shard, request, now);
  if (!position) co_return std::unexpected(position.error());
  model::GetShardIteratorOutput output;
  output.shard_iterator = ShardIterator{stream.id, (*shard)->index, *position, now}.text();
  co_return output;
}

std::vector<model::ChildShard> children_of(const Stream& stream, std::uint32_t index) {
  std::vector<model::ChildShard> children;
  for (const std::uint32_t child : stream.layout.children(index)) {
    const Shard& shard = *stream.layout.at(child);
    model::ChildShard& out = children.emplace_back();
    out.shard_id = shard_name(child);
    auto& parents = out.parent_shards.emplace();
    parents.push_back(shard_name(*shard.parent));
    if (shard.adjacent_parent) parents.push_back(shard_name(*shard.adjacent_parent));
    auto& range = out.hash_key_range.emplace();
    range.starting_hash_key = hash_text(shard.first);
    range.ending_hash_key = hash_text(shard.last);
  }
  return children;
}

model::GetRecordsOutput answer(const Stream& stream, const Shard& shard, Reading reading, Time now) {
  model::GetRecordsOutput output;
  auto& records = output.records.emplace();
  records.reserve(reading.records.size());
  output.millis_behind_latest = 0;
  if (reading.more && !reading.records.empty()) {
    output.millis_behind_latest = std::max<std::int64_t>(0, (now - reading.records.back().record.arrived).count());
  }
  for (ReadRecord& one : reading.records) {
    model::Record& record = records.emplace_back();
    record.sequence_number = stream.sequence_text(one.sequence, shard.index);
    record.approximate_arrival_timestamp = one.record.arrived;
    if (one.record.sealed) record.encryption_type = model::encryption_type::kKMS;
    record.data = std::move(one.record.data);
    record.partition_key = std::move(one.record.partition_key);
  }
  if (reading.at_end) {
    output.child_shards = children_of(stream, shard.index);
  } else {
    output.next_shard_iterator = ShardIterator{stream.id, shard.index, reading.next, now}.text();
  }
  return output;
}

Answer<model::GetRecordsOutput> get_records(Core& core, Stream& stream, const ShardIterator& iterator,
                                            std::int32_t limit) {
  const Moment moment = core.moment();
  const Time now = moment.clock;
  const Shard* const shard = stream.find_shard(iterator.shard, now);
  if (shard == nullptr) co_return no_such_shard(stream, shard_name(iterator.shard));
  Traffic& traffic = stream.traffic_of(shard->index);
  if (!traffic.read_calls.has(1, moment) || (!stream.record.on_demand && !traffic.read_bytes.has(1, moment))) {
    core.figures.throttled.add();
    stream.measures.tell_read_throttled(true);
    if (traffic.measures) traffic.measures->tell_read_throttled();
    co_return fail(model::errors::kProvisionedThroughputExceededException,
                   "Rate exceeded for shard " + shard_name(shard->index) + " in " + described(stream.name) + ".");
  }
  ReadBounds bounds;
  bounds.records = static_cast<std::size_t>(limit);
  Result<Reading> reading = read(core, stream, *shard, iterator.position, bounds);
  if (!reading) co_return std::unexpected(std::move(reading).error());
  traffic.read_calls.take(1);
  traffic.read_bytes.take(static_cast<double>(reading->bytes));
  core.figures.records_read.add(reading->records.size());
  const StreamMeasures::Get got{.records = reading->records.size(), .bytes = reading->bytes};
  model::GetRecordsOutput output = answer(stream, *shard, std::move(*reading), now);
  stream.measures.tell_get_records({got.records, got.bytes, Duration(*output.millis_behind_latest)},
                                   core.house.clock.now() - now);
  if (traffic.measures) traffic.measures->tell_outgoing(got.records, got.bytes, Duration(*output.millis_behind_latest));
  co_return output;
}

/// As AWS writes a time in this error: "Wed Jan 15 05:31:22 UTC 2020".
std::string java_date(Time time) {
  const std::string http = to_http_date(time);  // "Wed, 15 Jan 2020 05:31:22 GMT"
  return http.substr(0, 3) + " " + http.substr(8, 3) + " " + http.substr(5, 2) + " " + http.substr(17, 8) + " UTC " +
         http.substr(12, 4);
}

Answer<model::GetRecordsOutput> get_records(Core& core, const Call& call, model::GetRecordsInput request) {
  // As AWS: one in quotes, as JSON.stringify makes of it, is taken.
  std::string_view given = *request.shard_iterator;
  if (given.size() > 1 && given.starts_with('"') && given.ends_with('"')) given = given.substr(1, given.size() - 2);
  const auto iterator = ShardIterator::parse(given);
  const StreamPtr stream = iterator ? core.find_id(call.scope, iterator->stream) : nullptr;
  if (!stream) co_return invalid_argument("Invalid ShardIterator.");
  if (request.stream_arn && *request.stream_arn != stream->arn) {
    co_return invalid_argument("The ShardIterator is of another stream than the StreamARN " + *request.stream_arn +
                               ".");
  }
  const Time now = core.house.clock.now();
  if (now - iterator->created > kIteratorLife) {
    co_return fail(model::errors::kExpiredIteratorException,
                   "Iterator expired. The iterator was created at time " + java_date(iterator->created) +
                       " while right now it is " + java_date(now) +
                       " which is further in the future than the tolerated delay of 300000 milliseconds.");
  }
  StreamReference reference;
  reference.arn = stream->arn;
  reference.id = request.stream_id;
  auto work = [&](Stream& found) { return get_records(core, found, *iterator, request.limit.value_or(kMaxRecords)); };
  co_return co_await at_stream<model::GetRecordsOutput>(core, call, std::move(reference), std::ref(work));
}

}  // namespace

Result<bool> was_given_out(const Core& core, const Stream& stream, const SequenceNumber& number) {
  if (number.sequence <= std::max(stream.last_sequence, first_sequence_at(core.house.clock.now()))) return true;
  const auto record = core.house.store.get(record_key(stream.id, number.shard, number.sequence));
  if (!record) return std::unexpected(record.error());
  return record->has_value();
}

Result<Reading> read(const Core& core, Stream& stream, const Shard& shard, std::uint64_t position,
                     const ReadBounds& bounds) {
  Reading reading;
  const Time now = core.house.clock.now();
  reading.next = std::max(position, first_sequence_at(stream.horizon(now)));
  // What is behind `end` cannot be seen yet: the first batch in flight may still put records before it.
  const std::uint64_t end = stream.in_flight.empty() ? ~std::uint64_t{0} : *stream.in_flight.begin();
  Traffic& traffic = stream.traffic[shard.index];
  bool whole = true;
  if (reading.next <= traffic.newest && reading.next < end) {
    Result<void> broken;
    const auto snapshot = core.house.store.read();
    const Result<void> scanned = snapshot->scan(
        record_key(stream.id, shard.index, reading.next), record_key(stream.id, shard.index, end),
        [&](std::string_view key, std::string_view value) {
          const bool full = reading.records.size() >= bounds.records ||
                            (!reading.records.empty() && reading.bytes + value.size() > bounds.bytes);
          if (full) {
            reading.more = true;
            return false;
          }
          store::KeyReader parts(key);
          parts.text();
          parts.number();
          parts.number();
          const auto sequence = parts.number();
          auto record = decode_record(value, core.house.sealer, stream.arn);
          if (!sequence || !record) {
            broken = fail("InternalFailure", "A record of the stream " + stream.arn + " cannot be read.", 500);
            return false;
          }
          reading.bytes += record->data.size() + record->partition_key.size();
          reading.next = *sequence + 1;
          reading.records.push_back({*sequence, *std::move(record)});
          return true;
        });
    if (!broken) return std::unexpected(std::move(broken).error());
    if (!scanned) return std::unexpected(scanned.error());
    whole = !reading.more;
    if (whole && stream.in_flight.empty()) traffic.newest = reading.next - 1;
  }
  reading.at_end = whole && shard.ending && (end > *shard.ending);
  return reading;
}

void register_read_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kGetShardIterator, [&core](const Call& call, model::GetShardIteratorInput request) {
    const auto reference = StreamReference::of(request);
    return at_stream<model::GetShardIteratorOutput>(
        core, call, reference,
        [&core, request = std::move(request)](Stream& stream) { return get_iterator(core, stream, request); });
  });
  door.handle(model::kGetRecords, [&core](const Call& call, model::GetRecordsInput request) {
    return get_records(core, call, std::move(request));
  });
}

}  // namespace signalbox::kinesis
