#include "services/kinesis/put.h"

#include "services/kinesis/read.h"

namespace signalbox::kinesis {
namespace {

using cloud::Call;

/// "PutRecords ... up to a limit of 10 MiB for the entire request, including partition keys."
constexpr std::size_t kMaxRequestBytes = 10 * 1024 * 1024;
/// Whoever waits for a change of shards looks again so often, should its end be missed.
constexpr std::chrono::seconds kReshardingCheck{1};

std::string rate_exceeded(const Stream& stream, std::uint32_t shard) {
  return "Rate exceeded for shard " + shard_name(shard) + " in " + described(stream.name) + ".";
}

struct Limits {
  Allowance& bytes;
  Allowance& records;
};
Limits limits_of(Stream& stream, const NewRecord& record) {
  if (stream.record.on_demand) return {stream.on_demand_bytes, stream.on_demand_records};
  Traffic& traffic = stream.traffic[stream.layout.find(record.hash)];
  return {traffic.write_bytes, traffic.write_records};
}

/// What PutRecord and the entries of PutRecords have in common.
template <class Entry>
Result<NewRecord> read_record(const Stream& stream, const Entry& entry) {
  const std::optional<std::string>& given = entry.explicit_hash_key;
  const auto hash = given ? parse_hash(*given) : hash_of(*entry.partition_key);
  if (!hash) {
    return invalid_argument(
        "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
        "Specified value was " +
        *given);
  }
  const NewRecord record{*entry.partition_key, *entry.data, *hash};
  Result<void> checked = check_size(stream, record);
  if (!checked) return std::unexpected(std::move(checked).error());
  return record;
}

Answer<model::PutRecordOutput> put_record(Core& core, Stream& stream, const model::PutRecordInput& request) {
  const auto record = read_record(stream, request);
  if (!record) co_return std::unexpected(record.error());
  if (request.sequence_number_for_ordering) {
    // Every record gets a higher one than all before: there is nothing to do for one of this stream.
    const auto before = SequenceNumber::parse(*request.sequence_number_for_ordering);
    const auto known =
        before && before->stream == stream.id ? was_given_out(core, stream, *before) : Result<bool>(false);
    if (!known) co_return std::unexpected(known.error());
    if (!*known) {
      co_return invalid_argument("SequenceNumberForOrdering " + *request.sequence_number_for_ordering +
                                 " is no sequence number of " + described(stream.name) + ".");
    }
  }
  co_await wait_for_resharding(core, stream);
  if (stream.deleted) co_return no_such_stream(stream.name);
  if (!admit(core, stream, *record, core.moment())) {
    stream.measures.tell_put_record(0, false, Duration(0));
    co_return fail(model::errors::kProvisionedThroughputExceededException,
                   rate_exceeded(stream, stream.layout.find(record->hash)));
  }
  const Time now = core.house.clock.now();
  const std::uint64_t mark = begin_flight(stream, now);
  store::Batch batch;
  const Placed placed = place(stream, *record, now, batch);
  arm_trim(core, stream);
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  end_flight(stream, mark);
  if (!committed) co_return std::unexpected(std::move(committed).error());
  core.figures.records_put.add();
  stream.measures.tell_put_record(size_of(*record), true, core.house.clock.now() - now);
  model::PutRecordOutput output;
  output.shard_id = shard_name(placed.shard);
  output.sequence_number = stream.sequence_text(placed.sequence, placed.shard);
  output.encryption_type = stream.encryption_type();
  co_return output;
}

/// The entries with their hash keys. Errors: of the request as a whole.
Result<std::vector<NewRecord>> read_records(const Stream& stream, const model::PutRecordsInput& request) {
  std::vector<NewRecord> records;
  std::size_t bytes = 0;
  for (const auto& entry : *request.records) {
    const auto record = read_record(stream, entry);
    if (!record) return std::unexpected(record.error());
    records.push_back(*record);
    bytes += size_of(*record);
  }
  if (bytes > kMaxRequestBytes) {
    return invalid_argument("Records size exceeds " + std::to_string(kMaxRequestBytes) + " bytes.");
  }
  return records;
}

Answer<model::PutRecordsOutput> put_records(Core& core, Stream& stream, const model::PutRecordsInput& request) {
  const auto records = read_records(stream, request);
  if (!records) co_return std::unexpected(records.error());
  co_await wait_for_resharding(core, stream);
  if (stream.deleted) co_return no_such_stream(stream.name);
  const Moment moment = core.moment();
  const Time now = moment.clock;
  const std::uint64_t mark = begin_flight(stream, now);
  store::Batch batch;
  model::PutRecordsOutput output;
  auto& results = output.records.emplace();
  results.reserve(records->size());
  StreamMeasures::Put put{.records = records->size()};
  for (const NewRecord& record : *records) {
    auto& result = results.emplace_back();
    if (!admit(core, stream, record, moment)) {
      ++put.throttled;
      result.error_code = model::errors::kProvisionedThroughputExceededException;
      result.error_message = rate_exceeded(stream, stream.layout.find(record.hash));
      continue;
    }
    const Placed placed = place(stream, record, now, batch);
    ++put.put;
    put.bytes += size_of(record);
    result.shard_id = shard_name(placed.shard);
    result.sequence_number = stream.sequence_text(placed.sequence, placed.shard);
  }
  output.failed_record_count = static_cast<std::int32_t>(put.throttled);
  output.encryption_type = stream.encryption_type();
  arm_trim(core, stream);
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  end_flight(stream, mark);
  if (!committed) co_return std::unexpected(std::move(committed).error());
  core.figures.records_put.add(put.put);
  stream.measures.tell_put_records(put, core.house.clock.now() - now);
  co_return output;
}

}  // namespace

asio::awaitable<void> wait_for_resharding(Core& core, Stream& stream) {
  while (stream.resharding) {
    cloud::Wait wait(stream.owner);
    const cloud::Listed listed(stream.waiting_to_put, &wait);
    co_await wait.until(core.house.clock.now() + kReshardingCheck);
  }
}

Result<void> check_size(const Stream& stream, const NewRecord& record) {
  const std::size_t most = static_cast<std::size_t>(stream.record.max_record_kib) * 1024;
  const std::size_t size = size_of(record);
  if (size <= most) return {};
  return invalid_argument("The record has " + std::to_string(size) + " bytes; the maximum record size of " +
                          described(stream.name) + " is " + std::to_string(most) + " bytes.");
}

bool admit(Core& core, Stream& stream, const NewRecord& record, const Moment& now) {
  const Limits limits = limits_of(stream, record);
  if (!limits.bytes.has(static_cast<double>(size_of(record)), now) || !limits.records.has(1, now)) {
    core.figures.throttled.add();
    const Traffic& traffic = stream.traffic_of(stream.layout.find(record.hash));
    if (traffic.measures) traffic.measures->tell_write_throttled();
    return false;
  }
  charge(stream, record);
  return true;
}

void charge(Stream& stream, const NewRecord& record) {
  const Limits limits = limits_of(stream, record);
  limits.bytes.take(static_cast<double>(size_of(record)));
  limits.records.take(1);
}

Placed place(Stream& stream, const NewRecord& record, Time now, store::Batch& batch) {
  const Placed placed{stream.layout.find(record.hash), stream.next_sequence(now)};
  batch.put(record_key(stream.id, placed.shard, placed.sequence),
            stream.is_encrypted() ? seal_record(stream.house.sealer, stream.arn, record.partition_key, record.data, now)
                                  : encode_record(record.partition_key, record.data, now));
  Traffic& traffic = stream.traffic_of(placed.shard);
  traffic.newest = placed.sequence;
  if (traffic.measures) traffic.measures->tell_incoming(size_of(record));
  return placed;
}

void register_put_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kPutRecord, [&core](const Call& call, model::PutRecordInput request) {
    const auto reference = StreamReference::of(request);
    return at_stream<model::PutRecordOutput>(
        core, call, reference,
        [&core, request = std::move(request)](Stream& stream) { return put_record(core, stream, request); });
  });
  door.handle(model::kPutRecords, [&core](const Call& call, model::PutRecordsInput request) {
    const auto reference = StreamReference::of(request);
    return at_stream<model::PutRecordsOutput>(
        core, call, reference,
        [&core, request = std::move(request)](Stream& stream) { return put_records(core, stream, request); });
  });
}

}  // namespace signalbox::kinesis
