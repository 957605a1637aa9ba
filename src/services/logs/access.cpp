#include "services/logs/access.h"

#include "cloud/access_table.h"
#include "models/logs.h"
#include "services/logs/core.h"
#include "services/logs/record_pointer.h"

namespace signalbox::logs {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kGroup = "$group";
constexpr std::string_view kStream = "$stream";
constexpr std::string_view kTagged = "$tagged";
constexpr std::string_view kAllGroups = "log-group::log-stream:";

constexpr cloud::AccessRow kAccessRows[] = {
    {.operation = "CreateLogGroup", .resource = kGroup, .tagging = "logs:TagResource"},
    {.operation = "CreateLogStream", .resource = kStream},
    {.operation = "DeleteLogGroup", .resource = kGroup},
    {.operation = "DeleteLogStream", .resource = kStream},
    {.operation = "DeleteMetricFilter", .resource = kGroup},
    {.operation = "DeleteQueryDefinition"},
    {.operation = "DeleteResourcePolicy"},
    {.operation = "DeleteRetentionPolicy", .resource = kGroup},
    {.operation = "DeleteSubscriptionFilter", .resource = kGroup},
    {.operation = "DescribeFieldIndexes"},
    {.operation = "DescribeIndexPolicies"},
    {.operation = "DescribeLogGroups", .resource = kAllGroups},
    {.operation = "DescribeLogStreams", .resource = kGroup},
    {.operation = "DescribeMetricFilters", .resource = "$group|log-group::log-stream:"},
    {.operation = "DescribeQueries"},
    {.operation = "DescribeQueryDefinitions"},
    {.operation = "DescribeResourcePolicies"},
    {.operation = "DescribeSubscriptionFilters", .resource = kGroup},
    {.operation = "FilterLogEvents", .resource = kGroup},
    {.operation = "GetLogEvents", .resource = kStream},
    {.operation = "GetLogGroupFields", .resource = kGroup},
    {.operation = "GetLogRecord", .resource = "$record"},
    {.operation = "GetQueryResults"},
    {.operation = "ListLogGroups", .resource = kAllGroups},
    {.operation = "ListTagsForResource", .resource = kTagged},
    {.operation = "ListTagsLogGroup", .resource = kTagged},
    {.operation = "PutLogEvents", .resource = kStream},
    {.operation = "PutLogGroupDeletionProtection", .resource = kGroup},
    {.operation = "PutMetricFilter", .resource = kGroup},
    {.operation = "PutQueryDefinition"},
    {.operation = "PutResourcePolicy"},
    {.operation = "PutRetentionPolicy", .resource = kGroup},
    {.operation = "PutSubscriptionFilter",
     .resource = kGroup,
     .keys = "logs:DestinationArn=destinationArn",
     .roles = "roleArn"},
    {.operation = "StopQuery"},
    {.operation = "TagLogGroup", .resource = kTagged},
    {.operation = "TagResource", .resource = kTagged},
    {.operation = "TestMetricFilter"},
    {.operation = "UntagLogGroup", .resource = kTagged},
    {.operation = "UntagResource", .resource = kTagged},
};

constexpr cloud::AccessTable kTable{.prefix = "logs", .rows = kAccessRows, .passed_to = "logs.amazonaws.com"};

/// arn:...:log-group:NAME of a group that is named by ARN, with an ":*" behind it or not, or by name.
std::string group_arn(const cloud::Call& call, const std::string& named) {
  cloud::Scope scope = call.scope;
  std::string resource = "log-group:" + named;
  if (const auto arn = cloud::Arn::parse(named)) {
    scope = arn->scope();
    resource = arn->resource;
    if (resource.ends_with(":*")) resource.resize(resource.size() - 2);
  }
  return cloud::make_arn("logs", scope, resource);
}

/// A policy's "log-group:NAME:*" means the group and its streams: what is done to a group is asked for with such an
/// ending ("Identity-based policies for CloudWatch Logs": only the tagging operations take the ARN without it).
std::string with_streams(const std::string& group, const std::string& stream) {
  return group + ":log-stream:" + stream;
}

std::string name_of_group(const cloud::InputFields& input) {
  std::string named = input.text("logGroupIdentifier");
  return named.empty() ? input.text("logGroupName") : named;
}

std::optional<std::string> of_group(const cloud::Call& call, const cloud::InputFields& input) {
  const std::string named = name_of_group(input);
  if (named.empty()) return std::nullopt;
  return with_streams(group_arn(call, named), "");
}

std::optional<std::string> of_stream(const cloud::Call& call, const cloud::InputFields& input) {
  const std::string named = name_of_group(input);
  if (named.empty()) return std::nullopt;
  return with_streams(group_arn(call, named), input.text("logStreamName"));
}

std::optional<std::string> of_tagged(const cloud::Call& call, const cloud::InputFields& input) {
  const std::string named = input.text("resourceArn");
  return group_arn(call, named.empty() ? input.text("logGroupName") : named);
}

/// The group that the record's pointer leads to.
std::optional<std::string> of_record(const cloud::Call& call, const cloud::InputFields& input) {
  const auto pointer = read_record_pointer(input.text("logRecordPointer"));
  if (!pointer) return std::nullopt;
  return with_streams(group_arn(call, pointer->group), "");
}

/// A query reads all the groups that it names, in whichever of three ways.
asio::awaitable<Result<cloud::Accesses>> of_query(const cloud::Authority& authority, const cloud::Call& call,
                                                  const wire::AnyStructure& in) {
  const cloud::InputFields input(in);
  cloud::Accesses accesses;
  for (const char* path : {"logGroupName", "logGroupNames", "logGroupIdentifiers"}) {
    for (const std::string& named : input.texts(path)) {
      cloud::Access access;
      access.action = "logs:StartQuery";
      access.resource = with_streams(group_arn(call, named), "");
      const cloud::ResourceFacts facts = co_await authority.facts(access.resource);
      cloud::add_resource_tags(facts, access.keys);
      accesses.push_back(std::move(access));
    }
  }
  if (!accesses.empty()) co_return accesses;
  cloud::Access access;
  access.action = "logs:StartQuery";
  access.resource = "*";
  accesses.push_back(std::move(access));
  co_return accesses;
}

}  // namespace

void describe_access(const Core& core) {
  auto& authority = core.house.authority;
  cloud::describe(authority, models::logs::kService, kTable,
                  {{"group", of_group}, {"stream", of_stream}, {"tagged", of_tagged}, {"record", of_record}});
  authority.describe(models::logs::kStartQuery, [&authority](const cloud::Call& call, const wire::AnyStructure& input) {
    return of_query(authority, call, input);
  });
  authority.know("logs", [&core](std::string arn) -> asio::awaitable<cloud::ResourceFacts> {
    cloud::ResourceFacts facts;
    const auto parsed = cloud::Arn::parse(arn);
    if (!parsed) co_return facts;
    facts.policy = core.resource_policies.combined(parsed->scope());
    // Of all that has ARNs only groups have tags; what is done to a stream is done to its group.
    constexpr std::string_view kKind = "log-group:";
    if (!parsed->resource.starts_with(kKind)) co_return facts;
    const std::string_view name = std::string_view(parsed->resource).substr(kKind.size());
    const GroupPtr group = core.find(parsed->scope(), name.substr(0, name.find(':')));
    if (!group) co_return facts;
    const auto record = group->record();
    facts.tags.assign(record->tags.begin(), record->tags.end());
    co_return facts;
  });
}

}  // namespace signalbox::logs
