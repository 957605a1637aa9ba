// Making, finding, describing and deleting streams.
#include <algorithm>

#include "cloud/paging.h"
#include "services/kinesis/core.h"

namespace signalbox::kinesis {
namespace {

using cloud::Call;

/// "Quotas and limits": shards of an account in us-east-1, on-demand streams of an account.
constexpr std::int32_t kMaxShards = 20'000;
constexpr std::int32_t kMaxOnDemandStreams = 50;
/// What an on-demand stream begins with.
constexpr std::int32_t kOnDemandShards = 4;
constexpr std::int32_t kDefaultStreams = 100;

struct Counts {
  std::int32_t open_shards = 0;
  std::int32_t on_demand_streams = 0;
};
/// Goes from shard to shard: what each stream says is of a moment of its own.
asio::awaitable<Counts> count(const Core& core, cloud::Scope scope) {
  Counts counts;
  for (const StreamPtr& stream : core.streams_of(scope)) {
    auto look = [&]() -> asio::awaitable<void> {
      if (stream->record.on_demand) ++counts.on_demand_streams;
      if (!stream->record.on_demand) counts.open_shards += static_cast<std::int32_t>(stream->layout.open_count());
      co_return;
    };
    co_await cloud::on(stream->owner, std::ref(look));
  }
  co_return counts;
}

Result<StreamRecord> record_of(const Core& core, const model::CreateStreamInput& request) {
  if (request.warm_throughput_mi_bps) return invalid_argument("WarmThroughputMiBps is not supported yet.");
  StreamRecord record;
  record.on_demand = request.stream_mode_details && request.stream_mode_details->stream_mode == "ON_DEMAND";
  if (record.on_demand == request.shard_count.has_value()) {
    return fail(model::errors::kValidationException,
                record.on_demand ? "ShardCount cannot be specified for a stream of mode ON_DEMAND."
                                 : "ShardCount must be specified for a stream of mode PROVISIONED.");
  }
  record.id = core.house.random.next();
  record.created = record.trimmed = core.house.clock.now();
  record.max_record_kib = request.max_record_size_in_ki_b.value_or(record.max_record_kib);
  Result<void> tagged = put_tags(record.tags, cloud::tag_list(request.tags));
  if (!tagged) return std::unexpected(std::move(tagged).error());
  return record;
}

Answer<model::CreateStreamResponse> create(Core& core, const Call& call, model::CreateStreamInput request) {
  const StreamName name{call.scope, *request.stream_name};
  const auto record = record_of(core, request);
  if (!record) co_return std::unexpected(record.error());
  const std::int32_t shards = request.shard_count.value_or(kOnDemandShards);
  const Counts counts = co_await count(core, call.scope);
  if (record->on_demand && counts.on_demand_streams >= kMaxOnDemandStreams) {
    co_return fail(model::errors::kLimitExceededException,
                   "This request would exceed the limit of " + std::to_string(kMaxOnDemandStreams) +
                       " on-demand streams for the account " + call.scope.account + ".");
  }
  if (!record->on_demand && shards > kMaxShards - counts.open_shards) {
    co_return fail(
        model::errors::kLimitExceededException,
        "This request would exceed the shard limit for the account " + call.scope.account + " in " + call.scope.region +
            ". Current shard count for the account: " + std::to_string(counts.open_shards) +
            ". Limit: " + std::to_string(kMaxShards) +
            ". Number of additional shards that would have resulted from this request: " + std::to_string(shards) +
            ".");
  }
  auto there = [&]() -> Answer<model::CreateStreamResponse> {
    if (core.find(name)) {
      co_return fail(model::errors::kResourceInUseException,
                     "Stream " + name.name + " under account " + name.scope.account + " already exists.");
    }
    const auto stream = std::make_shared<Stream>(name, *record, core.house.shards.owner(name.arn()), core.house);
    const Occasion occasion{record->created, [&] { return stream->next_sequence(record->created); }};
    stream->layout = Layout::uniform(static_cast<std::uint32_t>(shards), occasion);
    stream->layout.take_changed();
    store::Batch batch;
    batch.put(stream_key(name), store::encode(stream->record));
    for (const auto& [index, shard] : stream->layout.shards())
      batch.put(shard_key(stream->id, index), store::encode(shard));
    stream->deleted = true;  // until it is durable
    core.put(stream);
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (!committed) {
      core.erase(name);
      co_return std::unexpected(std::move(committed).error());
    }
    stream->deleted = false;
    co_return model::CreateStreamResponse{};
  };
  co_return co_await cloud::on(core.house.shards.owner(name.arn()), std::ref(there));
}

Answer<model::DeleteStreamResponse> remove(Core& core, Stream& stream, bool with_consumers) {
  if (!stream.consumers.empty() && !with_consumers) {
    co_return fail(model::errors::kResourceInUseException,
                   "Stream " + stream.name.name + " under account " + stream.name.scope.account +
                       " has registered consumers. Set EnforceConsumerDeletion to delete it with them.");
  }
  store::Batch batch;
  batch.erase(stream_key(stream.name));
  for (const std::string_view space : {kShardSpace, kRecordSpace, kConsumerSpace}) {
    const store::Key all = store::Key(space).number(stream.id);
    batch.erase_range(all, all.end());
  }
  stream.deleted = true;
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (!committed) {
    stream.deleted = false;
    co_return std::unexpected(std::move(committed).error());
  }
  if (stream.trim_alarm) stream.owner.alarms().cancel(*stream.trim_alarm);
  stream.trim_alarm.reset();
  core.erase(stream.name);
  stream.wake_watchers();
  co_return model::DeleteStreamResponse{};
}

const char* mode_of(const Stream& stream) {
  return stream.record.on_demand ? model::stream_mode::kONDEMAND : model::stream_mode::kPROVISIONED;
}

/// What DescribeStream and DescribeStreamSummary answer alike.
template <class Out>
void fill(Out& out, const Stream& stream) {
  out.stream_name = stream.name.name;
  out.stream_arn = stream.arn;
  out.stream_status = model::stream_status::kACTIVE;
  out.stream_mode_details.emplace().stream_mode = mode_of(stream);
  out.retention_period_hours = stream.record.retention_hours;
  out.stream_creation_timestamp = stream.record.created;
  auto& metrics = out.enhanced_monitoring.emplace().emplace_back().shard_level_metrics.emplace();
  metrics.assign(stream.record.shard_metrics.begin(), stream.record.shard_metrics.end());
  out.encryption_type = stream.encryption_type();
  if (stream.is_encrypted()) out.key_id = stream.record.key_id;
}

Answer<model::DescribeStreamOutput> describe(Core& core, Stream& stream, const model::DescribeStreamInput& request) {
  std::uint32_t from = 0;
  if (request.exclusive_start_shard_id) {
    const auto after = parse_shard_name(*request.exclusive_start_shard_id);
    if (!after) co_return no_such_shard(stream, *request.exclusive_start_shard_id);
    from = *after + 1;
  }
  model::DescribeStreamOutput output;
  auto& description = output.stream_description.emplace();
  fill(description, stream);
  auto& shards = description.shards.emplace();
  description.has_more_shards = false;
  const auto most = static_cast<std::size_t>(request.limit.value_or(kDefaultStreams));
  const Time now = core.house.clock.now();
  for (auto at = stream.layout.shards().lower_bound(from); at != stream.layout.shards().end(); ++at) {
    if (stream.is_expired(at->second, now)) continue;
    if (shards.size() == most) {
      description.has_more_shards = true;
      break;
    }
    shards.push_back(model_of(stream, at->second));
  }
  co_return output;
}

Answer<model::DescribeStreamSummaryOutput> summary(Stream& stream) {
  model::DescribeStreamSummaryOutput output;
  auto& description = output.stream_description_summary.emplace();
  fill(description, stream);
  description.open_shard_count = static_cast<std::int32_t>(stream.layout.open_count());
  description.consumer_count = static_cast<std::int32_t>(stream.consumers.size());
  description.max_record_size_in_ki_b = stream.record.max_record_kib;
  co_return output;
}

Answer<model::ListStreamsOutput> list(Core& core, const Call& call, model::ListStreamsInput request) {
  std::string after = request.exclusive_start_stream_name.value_or("");
  const std::string listing = "streams " + call.scope.account + " " + call.scope.region;
  if (request.next_token) {
    const auto last = cloud::read_page_token(listing, *request.next_token);
    if (!last) co_return invalid_argument("The NextToken is not valid.");
    after = *last;
  }
  const auto most = static_cast<std::size_t>(request.limit.value_or(kDefaultStreams));
  model::ListStreamsOutput output;
  auto& names = output.stream_names.emplace();
  auto& summaries = output.stream_summaries.emplace();
  output.has_more_streams = false;
  for (const StreamPtr& stream : core.streams_of(call.scope)) {
    if (stream->name.name <= after) continue;
    if (names.size() == most) {
      output.has_more_streams = true;
      output.next_token = cloud::make_page_token(listing, names.back());
      break;
    }
    auto look = [&]() -> asio::awaitable<void> {
      if (stream->deleted) co_return;
      names.push_back(stream->name.name);
      auto& one = summaries.emplace_back();
      one.stream_name = stream->name.name;
      one.stream_arn = stream->arn;
      one.stream_status = model::stream_status::kACTIVE;
      one.stream_mode_details.emplace().stream_mode = mode_of(*stream);
      one.stream_creation_timestamp = stream->record.created;
    };
    co_await cloud::on(stream->owner, std::ref(look));
  }
  co_return output;
}

Answer<model::DescribeLimitsOutput> limits(Core& core, const Call& call) {
  const Counts counts = co_await count(core, call.scope);
  model::DescribeLimitsOutput output;
  output.shard_limit = kMaxShards;
  output.open_shard_count = counts.open_shards;
  output.on_demand_stream_count = counts.on_demand_streams;
  output.on_demand_stream_count_limit = kMaxOnDemandStreams;
  co_return output;
}

}  // namespace

void register_stream_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kCreateStream, [&core](const Call& call, model::CreateStreamInput request) {
    return create(core, call, std::move(request));
  });
  door.handle(model::kDeleteStream, [&core](const Call& call, model::DeleteStreamInput request) {
    const bool with_consumers = request.enforce_consumer_deletion.value_or(false);
    return in_turn<model::DeleteStreamResponse>(
        core, call, StreamReference::of(request),
        [&core, with_consumers](Stream& stream) { return remove(core, stream, with_consumers); });
  });
  door.handle(model::kDescribeStream, [&core](const Call& call, model::DescribeStreamInput request) {
    const auto reference = StreamReference::of(request);
    return at_stream<model::DescribeStreamOutput>(
        core, call, reference,
        [&core, request = std::move(request)](Stream& stream) { return describe(core, stream, request); });
  });
  door.handle(model::kDescribeStreamSummary, [&core](const Call& call, model::DescribeStreamSummaryInput request) {
    return at_stream<model::DescribeStreamSummaryOutput>(core, call, StreamReference::of(request),
                                                         [](Stream& stream) { return summary(stream); });
  });
  door.handle(model::kListStreams, [&core](const Call& call, model::ListStreamsInput request) {
    return list(core, call, std::move(request));
  });
  door.handle(model::kDescribeLimits,
              [&core](const Call& call, model::DescribeLimitsInput) { return limits(core, call); });
}

}  // namespace signalbox::kinesis
