#include "services/kinesis/pipe_source.h"

#include "base/encoding.h"
#include "json/json.h"
#include "services/kinesis/read.h"

namespace signalbox::kinesis {
namespace {

/// AWS: a batch's payload is at most 6 MB.
constexpr std::size_t kMaxBatchBytes = 6 * 1024 * 1024;

/// A record as pipes have it ("Amazon Kinesis stream as a source" in the EventBridge User Guide).
std::string event_of(const Stream& stream, std::uint32_t shard, const std::string& sequence,
                     const StoredRecord& record) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.member("kinesisSchemaVersion", "1.0");
  writer.member("partitionKey", record.partition_key);
  writer.member("sequenceNumber", sequence);
  writer.member("data", to_base64(record.data));
  writer.key("approximateArrivalTimestamp");
  writer.number(static_cast<double>(record.arrived.time_since_epoch().count()) / 1000);
  writer.member("eventSource", "aws:kinesis");
  writer.member("eventVersion", "1.0");
  writer.member("eventID", shard_name(shard) + ":" + sequence);
  writer.member("eventName", "aws:kinesis:record");
  writer.member("awsRegion", stream.name.scope.region);
  writer.member("eventSourceARN", stream.arn);
  writer.end_object();
  return out;
}

std::unexpected<Error> gone(const std::string& arn) {
  return fail(model::errors::kResourceNotFoundException, "The stream " + arn + " does not exist.");
}

}  // namespace

StreamPtr PipeSource::find(const std::string& arn) const {
  constexpr std::string_view kPipedFrom = "stream/";
  const auto parsed = cloud::Arn::parse(arn);
  if (!parsed || parsed->service != "kinesis" || !parsed->resource.starts_with(kPipedFrom)) return nullptr;
  return core_.find({parsed->scope(), parsed->resource.substr(kPipedFrom.size())});
}

bool PipeSource::exists(const std::string& arn) const {
  return find(arn) != nullptr;
}

asio::awaitable<Result<cloud::SourceStream>> PipeSource::describe(std::string arn) {
  const StreamPtr stream = find(arn);
  if (!stream) co_return gone(arn);
  auto there = [&]() -> asio::awaitable<Result<cloud::SourceStream>> {
    if (stream->deleted) co_return gone(arn);
    cloud::SourceStream out;
    out.id = stream->id;
    const Time now = core_.house.clock.now();
    for (const auto& [index, shard] : stream->layout.shards()) {
      if (stream->is_expired(shard, now)) continue;
      cloud::SourceShard& one = out.shards.emplace_back();
      one.index = index;
      one.name = shard_name(index);
      if (shard.parent) one.parents.push_back(*shard.parent);
      if (shard.adjacent_parent) one.parents.push_back(*shard.adjacent_parent);
      one.latest = shard.ending.value_or(stream->last_sequence) + 1;
      one.open = shard.open();
    }
    co_return out;
  };
  co_return co_await cloud::on(stream->owner, std::ref(there));
}

asio::awaitable<Result<cloud::SourceRecords>> PipeSource::read(std::string arn, std::uint32_t shard,
                                                               std::uint64_t position, std::size_t most,
                                                               cloud::Wake wake) {
  const StreamPtr stream = find(arn);
  if (!stream) co_return gone(arn);
  auto there = [&]() -> asio::awaitable<Result<cloud::SourceRecords>> {
    if (stream->deleted) co_return gone(arn);
    cloud::SourceRecords out;
    const Shard* const found = stream->find_shard(shard, core_.house.clock.now());
    if (found == nullptr) {  // it is expired: there is nothing left to read
      out.next = position;
      out.at_end = true;
      co_return out;
    }
    ReadBounds bounds;
    bounds.records = most;
    bounds.bytes = kMaxBatchBytes;
    auto reading = kinesis::read(core_, *stream, *found, position, bounds);
    if (!reading) co_return std::unexpected(std::move(reading).error());
    for (const ReadRecord& one : reading->records) {
      const std::string sequence = stream->sequence_text(one.sequence, shard);
      out.events.push_back(
          {event_of(*stream, shard, sequence, one.record), sequence, one.sequence, one.record.arrived});
    }
    out.next = reading->next;
    out.at_end = reading->at_end;
    if (!reading->more && !reading->at_end) stream->watchers.push_back(std::move(wake));
    co_return out;
  };
  co_return co_await cloud::on(stream->owner, std::ref(there));
}

}  // namespace signalbox::kinesis
