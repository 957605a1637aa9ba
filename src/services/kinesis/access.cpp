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
    {.operation = "DeregisterStreamConsumer", .resource = "@ConsumerARN|@StreamARN"},
    {.operation = "DescribeLimits"},
    {.operation = "DescribeStream", .resource = kStream},
    {.operation = "DescribeStreamConsumer", .resource = "@ConsumerARN|@StreamARN"},
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
}

}  // namespace signalbox::kinesis
