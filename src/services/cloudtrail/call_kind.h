// What a call is to CloudTrail: a management event, a data event, or nothing; whether it only reads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/shape.h"

namespace signalbox::cloudtrail {

enum class Category : std::uint8_t {
  kManagement,  // always recorded
  kData,        // where a trail selects such
  kNone,        // CloudTrail has no events of it
};

/// Kinds of resources that data events are of, as selectors name them (resources.type).
enum class DataType : std::uint8_t {
  kS3Object,
  kLambdaFunction,
  kSqsQueue,
  kSnsTopic,
  kKinesisStream,
  kKinesisConsumer,
  kCloudWatchMetric,
};
inline constexpr std::size_t kDataTypes = 7;

/// "AWS::S3::Object"
std::string_view name_of(DataType type);

struct CallKind {
  Category category = Category::kManagement;
  bool read_only = false;
  DataType data_type = DataType::kS3Object;  // of data events
  std::string_view event_name;               // the operation's, but for some of S3's and Lambda's
};

/// By the lists of data events in the services' guides ("Logging ... API calls using AWS CloudTrail").
CallKind kind_of(const wire::Operation& operation);

/// "sqs.amazonaws.com"
std::string event_source_of(const wire::Service& service);

}  // namespace signalbox::cloudtrail
