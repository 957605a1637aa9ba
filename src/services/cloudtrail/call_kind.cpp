#include "services/cloudtrail/call_kind.h"

#include <algorithm>
#include <optional>

namespace signalbox::cloudtrail {
namespace {

constexpr std::string_view kTypeNames[kDataTypes] = {
    "AWS::S3::Object",      "AWS::Lambda::Function",        "AWS::SQS::Queue",        "AWS::SNS::Topic",
    "AWS::Kinesis::Stream", "AWS::Kinesis::StreamConsumer", "AWS::CloudWatch::Metric"};

struct DataCall {
  std::string_view service;
  std::string_view operation;
  DataType type;
};

constexpr DataCall kDataCalls[] = {
    {"sqs", "ChangeMessageVisibility", DataType::kSqsQueue},
    {"sqs", "ChangeMessageVisibilityBatch", DataType::kSqsQueue},
    {"sqs", "DeleteMessage", DataType::kSqsQueue},
    {"sqs", "DeleteMessageBatch", DataType::kSqsQueue},
    {"sqs", "GetQueueAttributes", DataType::kSqsQueue},
    {"sqs", "GetQueueUrl", DataType::kSqsQueue},
    {"sqs", "ListDeadLetterSourceQueues", DataType::kSqsQueue},
    {"sqs", "ListQueues", DataType::kSqsQueue},
    {"sqs", "ListQueueTags", DataType::kSqsQueue},
    {"sqs", "ReceiveMessage", DataType::kSqsQueue},
    {"sqs", "SendMessage", DataType::kSqsQueue},
    {"sqs", "SendMessageBatch", DataType::kSqsQueue},
    {"sns", "Publish", DataType::kSnsTopic},
    {"sns", "PublishBatch", DataType::kSnsTopic},
    {"kinesis", "GetRecords", DataType::kKinesisStream},
    {"kinesis", "GetShardIterator", DataType::kKinesisStream},
    {"kinesis", "PutRecord", DataType::kKinesisStream},
    {"kinesis", "PutRecords", DataType::kKinesisStream},
    {"kinesis", "SubscribeToShard", DataType::kKinesisConsumer},
    {"cloudwatch", "GetMetricData", DataType::kCloudWatchMetric},
    {"cloudwatch", "GetMetricStatistics", DataType::kCloudWatchMetric},
    {"cloudwatch", "GetMetricWidgetImage", DataType::kCloudWatchMetric},
    {"cloudwatch", "ListMetrics", DataType::kCloudWatchMetric},
    {"cloudwatch", "PutMetricData", DataType::kCloudWatchMetric},
    {"lambda", "Invoke", DataType::kLambdaFunction},
    {"lambda", "InvokeAsync", DataType::kLambdaFunction},
    {"lambda", "InvokeWithResponseStream", DataType::kLambdaFunction},
    {"s3", "CreateSession", DataType::kS3Object},
    {"s3", "DeleteObjects", DataType::kS3Object},
    {"s3", "HeadBucket", DataType::kS3Object},
    {"s3", "ListMultipartUploads", DataType::kS3Object},
    {"s3", "ListObjects", DataType::kS3Object},
    {"s3", "ListObjectsV2", DataType::kS3Object},
    {"s3", "ListObjectVersions", DataType::kS3Object},
};

/// Calls that CloudTrail never has: what applications put, and asked what is in a log.
constexpr std::pair<std::string_view, std::string_view> kNotRecorded[] = {
    {"events", "PutEvents"},
    {"events", "PutPartnerEvents"},
    {"logs", "PutLogEvents"},
};

struct Renamed {
  std::string_view service;
  std::string_view operation;
  std::string_view event_name;
};

/// Names that events have and the API of today has not.
constexpr Renamed kRenamed[] = {
    {"s3", "ListObjectsV2", "ListObjects"},
    {"s3", "GetPublicAccessBlock", "GetBucketPublicAccessBlock"},
    {"s3", "PutPublicAccessBlock", "PutBucketPublicAccessBlock"},
    {"s3", "DeletePublicAccessBlock", "DeleteBucketPublicAccessBlock"},
    {"s3", "GetBucketLifecycleConfiguration", "GetBucketLifecycle"},
    {"s3", "PutBucketLifecycleConfiguration", "PutBucketLifecycle"},
    {"s3", "GetBucketNotificationConfiguration", "GetBucketNotification"},
    {"s3", "PutBucketNotificationConfiguration", "PutBucketNotification"},
    {"lambda", "AddPermission", "AddPermission20150331v2"},
    {"lambda", "CreateAlias", "CreateAlias20150331"},
    {"lambda", "CreateEventSourceMapping", "CreateEventSourceMapping20150331"},
    {"lambda", "CreateFunction", "CreateFunction20150331"},
    {"lambda", "DeleteAlias", "DeleteAlias20150331"},
    {"lambda", "DeleteEventSourceMapping", "DeleteEventSourceMapping20150331"},
    {"lambda", "DeleteFunction", "DeleteFunction20150331"},
    {"lambda", "GetAlias", "GetAlias20150331"},
    {"lambda", "GetEventSourceMapping", "GetEventSourceMapping20150331"},
    {"lambda", "GetFunction", "GetFunction20150331v2"},
    {"lambda", "GetFunctionConfiguration", "GetFunctionConfiguration20150331v2"},
    {"lambda", "GetPolicy", "GetPolicy20150331v2"},
    {"lambda", "ListAliases", "ListAliases20150331"},
    {"lambda", "ListEventSourceMappings", "ListEventSourceMappings20150331"},
    {"lambda", "ListFunctions", "ListFunctions20150331"},
    {"lambda", "ListTags", "ListTags20170331"},
    {"lambda", "ListVersionsByFunction", "ListVersionsByFunction20150331"},
    {"lambda", "PublishVersion", "PublishVersion20150331"},
    {"lambda", "RemovePermission", "RemovePermission20150331v2"},
    {"lambda", "TagResource", "TagResource20170331v2"},
    {"lambda", "UntagResource", "UntagResource20170331v2"},
    {"lambda", "UpdateAlias", "UpdateAlias20150331"},
    {"lambda", "UpdateEventSourceMapping", "UpdateEventSourceMapping20150331"},
    {"lambda", "UpdateFunctionCode", "UpdateFunctionCode20150331v2"},
    {"lambda", "UpdateFunctionConfiguration", "UpdateFunctionConfiguration20150331v2"},
};

constexpr std::string_view kReadingVerbs[] = {"BatchGet", "Decode",   "Describe", "Filter",  "Get",
                                              "Head",     "List",     "Lookup",   "Receive", "Search",
                                              "Select",   "Simulate", "Test",     "Validate"};
constexpr std::pair<std::string_view, std::string_view> kReading[] = {
    {"sts", "AssumeRole"},
    {"sts", "AssumeRoleWithSAML"},
    {"sts", "AssumeRoleWithWebIdentity"},
    {"logs", "StartQuery"},
    {"logs", "StopQuery"},
    {"kinesis", "SubscribeToShard"},
    {"iam", "GenerateCredentialReport"},
};

bool is_reading(std::string_view service, std::string_view operation) {
  if (std::ranges::any_of(kReadingVerbs, [&](std::string_view verb) { return operation.starts_with(verb); })) {
    return true;
  }
  return std::ranges::find(kReading, std::pair(service, operation)) != std::end(kReading);
}

bool has_member(const wire::Shape& shape, std::string_view name) {
  return std::ranges::any_of(shape.members, [&](const wire::Member& member) { return member.name == name; });
}

std::optional<DataType> data_type_of(std::string_view service, const wire::Operation& operation) {
  const auto* const listed = std::ranges::find_if(
      kDataCalls, [&](const DataCall& call) { return call.service == service && call.operation == operation.name; });
  if (listed != std::end(kDataCalls)) return listed->type;
  // Of S3 all that is of one object.
  if (service == "s3" && has_member(*operation.input, "Bucket") && has_member(*operation.input, "Key")) {
    return DataType::kS3Object;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(DataType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

CallKind kind_of(const wire::Operation& operation) {
  const std::string_view service = operation.service->id;
  CallKind kind;
  kind.event_name = operation.name;
  kind.read_only = is_reading(service, operation.name);
  const auto* const renamed = std::ranges::find_if(
      kRenamed, [&](const Renamed& one) { return one.service == service && one.operation == operation.name; });
  if (renamed != std::end(kRenamed)) kind.event_name = renamed->event_name;
  if (std::ranges::find(kNotRecorded, std::pair(service, operation.name)) != std::end(kNotRecorded)) {
    kind.category = Category::kNone;
  } else if (const auto type = data_type_of(service, operation)) {
    kind.category = Category::kData;
    kind.data_type = *type;
  }
  return kind;
}

std::string event_source_of(const wire::Service& service) {
  return std::string(service.signing_name) + ".amazonaws.com";
}

}  // namespace signalbox::cloudtrail
