#include "services/kinesis/access.h"

#include <limits>

#include "base/encoding.h"
#include "cloud/access_table.h"
#include "models/kinesis.h"
#include "services/kinesis/core.h"
#include "services/kinesis/sequence.h"
#include "store/record.h"

namespace signalbox::kinesis {
namespace {

constexpr std::string_view kStream = "@StreamARN|stream/{StreamName}";

constexpr cloud::AccessRow kAccessRows[] = {
    {.operation = "AddTagsToStream", .resource = kStream},
    {.operation = "CreateStream", .resource = kStream, .tagging = "kinesis:AddTagsToStream"},
    {.operation = "DecreaseStreamRetentionPeriod", .resource = kStream},
    {.operation = "DeleteStream", .resource = kStream},
    {.operation = "DescribeLimits"},
    {.operation = "DescribeStream", .resource = kStream},
    {.operation = "DescribeStreamSummary", .resource = kStream},
    {.operation = "DisableEnhancedMonitoring", .resource = kStream},
    {.operation = "EnableEnhancedMonitoring", .resource = kStream},
    {.operation = "GetRecords", .resource = "@StreamARN|$iterator"},
    {.operation = "GetShardIterator", .resource = kStream},
    {.operation = "IncreaseStreamRetentionPeriod", .resource = kStream},
    {.operation = "ListShards", .resource = "@StreamARN|stream/{StreamName}|$listing"},
    {.operation = "ListStreamConsumers", .resource = kStream},
    {.operation = "ListStreams"},
    {.operation = "ListTagsForResource", .resource = "@ResourceARN"},
    {.operation = "ListTagsForStream", .resource = kStream},
    {.operation = "MergeShards", .resource = kStream},
    {.operation = "PutRecord", .resource = kStream},
    {.operation = "PutRecords", .resource = kStream},
    {.operation = "RegisterStreamConsumer", .resource = kStream, .tagging = "kinesis:TagResource"},
    {.operation = "RemoveTagsFromStream", .resource = kStream},
    {.operation = "SplitShard", .resource = kStream},
    {.operation = "StartStreamEncryption", .resource = kStream},
    {.operation = "StopStreamEncryption", .resource = kStream},
    {.operation = "TagResource", .resource = "@ResourceARN"},
    {.operation = "UntagResource", .resource = "@ResourceARN"},
    {.operation = "UpdateMaxRecordSize", .resource = kStream},
    {.operation = "UpdateShardCount", .resource = kStream},
    {.operation = "UpdateStreamMode", .resource = kStream},
};

constexpr cloud::AccessTable kTable{.prefix = "kinesis", .rows = kAccessRows};

/// The stream of an ARN of its own or of one of its consumers; null when there is none.
StreamPtr stream_of(const Core& core, const std::string& arn) {
  constexpr std::string_view kKind = "stream/";
  const auto parsed = cloud::Arn::parse(stream_of_consumer(arn).value_or(arn));
  if (!parsed || !parsed->resource.starts_with(kKind)) return nullptr;
  return core.find({parsed->scope(), parsed->resource.substr(kKind.size())});
}

/// A consumer has tags of its own.
asio::awaitable<cloud::ResourceFacts> facts_of(const Core& core, std::string arn) {
  cloud::ResourceFacts facts;
  const StreamPtr stream = stream_of(core, arn);
  if (!stream) co_return facts;
  co_await cloud::on(stream->owner, [&]() -> asio::awaitable<void> {
    const bool of_consumer = stream_of_consumer(arn).has_value();
    const Consumer* const consumer = of_consumer ? find_consumer(*stream, arn) : nullptr;
    if (of_consumer && consumer == nullptr) co_return;
    const Tags& tags = of_consumer ? consumer->tags : stream->record.tags;
    facts.tags.assign(tags.begin(), tags.end());
  });
  co_return facts;
}

/// The ARN of the consumer that a request names, by its ARN or by its stream's and its name; that of the stream where
/// there is no such consumer.
asio::awaitable<std::string> named_consumer(const Core& core, cloud::InputFields input) {
  std::string arn = input.text("ConsumerARN");
  const bool by_name = arn.empty();
  if (by_name) arn = input.text("StreamARN");
  if (!cloud::Arn::parse(arn)) co_return "*";
  const StreamPtr stream = by_name ? stream_of(core, arn) : nullptr;
  if (!stream) co_return arn;
  co_await cloud::on(stream->owner, [&]() -> asio::awaitable<void> {
    const auto found = stream->consumers.find(input.text("ConsumerName"));
    if (found != stream->consumers.end()) arn = consumer_arn(*stream, found->second);
    co_return;
  });
  co_return arn;
}

asio::awaitable<Result<cloud::Accesses>> of_consumer(const Core& core, std::string action,
                                                     const wire::AnyStructure& input) {
  cloud::Access access;
  access.action = std::move(action);
  access.resource = co_await named_consumer(core, cloud::InputFields(input));
  const cloud::ResourceFacts facts = co_await core.house.authority.facts(access.resource);
  cloud::add_resource_tags(facts, access.keys);
  cloud::Accesses accesses;
  accesses.push_back(std::move(access));
  co_return accesses;
}

}  // namespace

void describe_access(const Core& core) {
  const auto of_iterator = [&core](const cloud::Call& call,
                                   const cloud::InputFields& input) -> std::optional<std::string> {
    const auto iterator = ShardIterator::parse(input.text("ShardIterator"));
    const StreamPtr stream = iterator ? core.find_id(call.scope, iterator->stream) : nullptr;
    if (!stream) return std::nullopt;
    return cloud::arn_here(call, "kinesis", "stream/" + stream->name.name);
  };
  // A listing's token names the stream first.
  const auto of_listing = [](const cloud::Call& call, const cloud::InputFields& input) -> std::optional<std::string> {
    const auto bytes = from_base64(input.text("NextToken"));
    if (!bytes || bytes->empty()) return std::nullopt;
    store::RecordReader token(*bytes, std::numeric_limits<std::uint8_t>::max());
    const std::string stream = token.text();
    if (!token.ok()) return std::nullopt;
    return cloud::arn_here(call, "kinesis", "stream/" + stream);
  };
  cloud::describe(core.house.authority, models::kinesis::kService, kTable,
                  {{"iterator", of_iterator}, {"listing", of_listing}});
  for (const wire::Operation* operation :
       {models::kinesis::kDescribeStreamConsumer.operation, models::kinesis::kDeregisterStreamConsumer.operation}) {
    std::string action = "kinesis:" + std::string(operation->name);
    core.house.authority.describe(
        *operation, [&core, action = std::move(action)](const cloud::Call&, const wire::AnyStructure& input) {
          return of_consumer(core, action, input);
        });
  }
  core.house.authority.know("kinesis", [&core](std::string arn) { return facts_of(core, std::move(arn)); });
}

}  // namespace signalbox::kinesis
