#include "services/cloudtrail/resource.h"

#include <algorithm>

#include "cloud/scope.h"

namespace signalbox::cloudtrail {
namespace {

/// The text of the first of those members that the input has; "" for none.
std::string_view text_of(const wire::Shape& shape, const void* input, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto member = std::ranges::find_if(shape.members, [&](const wire::Member& one) { return one.name == name; });
    if (member == shape.members.end() || member->shape->type != wire::ShapeType::kString) continue;
    if (const void* const value = member->find(input)) return *static_cast<const std::string*>(value);
  }
  return "";
}

/// Names and ARNs both: "queue", "arn:aws:sqs:...".
std::string as_arn(std::string_view service, const cloud::Scope& scope, std::string_view kind, std::string_view text) {
  if (text.starts_with("arn:")) return std::string(text);
  return cloud::make_arn(service, scope, std::string(kind) + std::string(text));
}

/// "http://host/ACCOUNT/NAME"
std::string queue_arn(const cloud::Scope& scope, std::string_view url) {
  const auto slash = url.rfind('/');
  if (slash == std::string_view::npos) return "";
  const std::string_view name = url.substr(slash + 1);
  const std::string_view rest = url.substr(0, slash);
  const std::string_view account = rest.substr(rest.rfind('/') + 1);
  const bool known = cloud::is_account_id(account);
  return cloud::make_arn("sqs", {known ? std::string(account) : scope.account, scope.region}, name);
}

/// A name, "ACCOUNT:function:NAME", an ARN; each with a version or alias behind it or not.
std::string function_arn(const cloud::Scope& scope, std::string_view name) {
  std::string arn(name);
  if (const auto at = name.find(":function:"); at != std::string_view::npos && !name.starts_with("arn:")) {
    arn = cloud::make_arn("lambda", {std::string(name.substr(0, at)), scope.region}, name.substr(at + 1));
  } else if (!name.starts_with("arn:")) {
    arn = cloud::make_arn("lambda", scope, "function:" + std::string(name));
  }
  const auto function = arn.find(":function:");
  if (function == std::string::npos) return arn;
  return arn.substr(0, arn.find(':', function + 10));  // selectors name functions without versions
}

std::vector<Resource> s3_resources(const cloud::Scope& scope, const wire::Shape& shape, const void* input) {
  const std::string bucket(text_of(shape, input, {"Bucket"}));
  const std::string_view key = text_of(shape, input, {"Key"});
  if (bucket.empty()) return {};
  const std::string bucket_arn = cloud::make_arn("s3", {"", ""}, bucket);
  return {{"AWS::S3::Object", bucket_arn + "/" + std::string(key), "", key.empty()},
          {"AWS::S3::Bucket", bucket_arn, scope.account}};
}

struct NamedMember {
  std::string_view service;
  std::string_view member;
  std::string_view type;
};

/// In what members requests name resources of which types. Those of a service stand in order of what comes first.
constexpr NamedMember kNamedMembers[] = {
    {"cloudtrail", "TrailName", "AWS::CloudTrail::Trail"},
    {"cloudtrail", "Name", "AWS::CloudTrail::Trail"},
    {"cloudtrail", "S3BucketName", "AWS::S3::Bucket"},
    {"cloudwatch", "AlarmName", "AWS::CloudWatch::Alarm"},
    {"cloudwatch", "DashboardName", "AWS::CloudWatch::Dashboard"},
    {"events", "Rule", "AWS::Events::Rule"},
    {"events", "EventBusName", "AWS::Events::EventBus"},
    {"iam", "UserName", "AWS::IAM::User"},
    {"iam", "RoleName", "AWS::IAM::Role"},
    {"iam", "GroupName", "AWS::IAM::Group"},
    {"iam", "PolicyArn", "AWS::IAM::Policy"},
    {"iam", "PolicyName", "AWS::IAM::Policy"},
    {"iam", "InstanceProfileName", "AWS::IAM::InstanceProfile"},
    {"iam", "AccessKeyId", "AWS::IAM::AccessKey"},
    {"kinesis", "StreamName", "AWS::Kinesis::Stream"},
    {"kinesis", "StreamARN", "AWS::Kinesis::Stream"},
    {"lambda", "FunctionName", "AWS::Lambda::Function"},
    {"logs", "logGroupName", "AWS::Logs::LogGroup"},
    {"logs", "logStreamName", "AWS::Logs::LogStream"},
    {"pipes", "Name", "AWS::Pipes::Pipe"},
    {"s3", "Bucket", "AWS::S3::Bucket"},
    {"scheduler", "GroupName", "AWS::Scheduler::ScheduleGroup"},
    {"sns", "TopicArn", "AWS::SNS::Topic"},
    {"sns", "SubscriptionArn", "AWS::SNS::Subscription"},
    {"sqs", "QueueUrl", "AWS::SQS::Queue"},
    {"sqs", "QueueName", "AWS::SQS::Queue"},
    {"sts", "RoleArn", "AWS::IAM::Role"},
};

/// "Name" is a rule's, a bus's, an archive's ...: the operation's name says which.
constexpr NamedMember kNamedByOperation[] = {
    {"events", "Rule", "AWS::Events::Rule"},
    {"events", "EventBus", "AWS::Events::EventBus"},
    {"events", "Connection", "AWS::Events::Connection"},
    {"events", "ApiDestination", "AWS::Events::ApiDestination"},
    {"scheduler", "ScheduleGroup", "AWS::Scheduler::ScheduleGroup"},
    {"scheduler", "Schedule", "AWS::Scheduler::Schedule"},
    {"sns", "Topic", "AWS::SNS::Topic"},
};

}  // namespace

std::vector<Resource> data_resources(const cloud::Call& call, const CallKind& kind, const wire::Operation& operation,
                                     const void* input) {
  const wire::Shape& shape = *operation.input;
  std::string arn;
  switch (kind.data_type) {
    case DataType::kS3Object:
      return s3_resources(call.scope, shape, input);
    case DataType::kLambdaFunction:
      if (const auto name = text_of(shape, input, {"FunctionName"}); !name.empty()) {
        arn = function_arn(call.scope, name);
      }
      break;
    case DataType::kSqsQueue:
      if (const auto url = text_of(shape, input, {"QueueUrl"}); !url.empty()) {
        arn = queue_arn(call.scope, url);
      } else if (const auto name = text_of(shape, input, {"QueueName"}); !name.empty()) {
        arn = as_arn("sqs", call.scope, "", name);
      }
      break;
    case DataType::kSnsTopic:
      arn = text_of(shape, input, {"TopicArn", "TargetArn"});
      break;
    case DataType::kKinesisStream:
      if (const auto name = text_of(shape, input, {"StreamARN", "StreamName"}); !name.empty()) {
        arn = as_arn("kinesis", call.scope, "stream/", name);
      }
      break;
    case DataType::kKinesisConsumer:
      arn = text_of(shape, input, {"ConsumerARN"});
      break;
    case DataType::kCloudWatchMetric:
      break;  // metrics have no ARNs
  }
  if (arn.empty()) return {};
  const auto parsed = cloud::Arn::parse(arn);
  return {{std::string(name_of(kind.data_type)), arn, parsed ? parsed->account : call.scope.account}};
}

std::vector<Resource> named_resources(const wire::Operation& operation, const void* input) {
  std::vector<Resource> found;
  const std::string_view service = operation.service->id;
  const auto add = [&](std::string_view type, std::string_view name) {
    if (name.empty() || std::ranges::any_of(found, [&](const Resource& one) { return one.arn == name; })) return;
    found.push_back({std::string(type), std::string(name), ""});
  };
  for (const NamedMember& one : kNamedMembers) {
    if (one.service == service) add(one.type, text_of(*operation.input, input, {one.member}));
  }
  for (const NamedMember& one : kNamedByOperation) {
    if (one.service != service || operation.name.find(one.member) == std::string_view::npos) continue;
    add(one.type, text_of(*operation.input, input, {"Name"}));
    break;
  }
  return found;
}

}  // namespace signalbox::cloudtrail
