#include "services/logs/access.h"

#include "cloud/access_table.h"
#include "models/logs.h"

namespace signalbox::logs {
namespace {

// A policy's "log-group:NAME:*" means the group and its streams: what is done to a group is asked for with that ending
// ("Identity-based policies for CloudWatch Logs": only the tagging operations take the ARN without it).
constexpr std::string_view kGroup =
    "@logGroupIdentifier|log-group:{logGroupIdentifier}:log-stream:|"
    "log-group:{logGroupName}:log-stream:";
constexpr std::string_view kStream =
    "@logGroupIdentifier|log-group:{logGroupIdentifier}:log-stream:{logStreamName}|"
    "log-group:{logGroupName}:log-stream:{logStreamName}";
constexpr std::string_view kAllGroups = "log-group::log-stream:";
constexpr std::string_view kTagged = "log-group:{logGroupName}";

constexpr cloud::AccessRow kRows[] = {
    {.operation = "CreateLogGroup", .resource = kGroup},
    {.operation = "CreateLogStream", .resource = kStream},
    {.operation = "DeleteLogGroup", .resource = kGroup},
    {.operation = "DeleteLogStream", .resource = kStream},
    {.operation = "DeleteMetricFilter", .resource = kGroup},
    {.operation = "DeleteQueryDefinition"},
    {.operation = "DeleteRetentionPolicy", .resource = kGroup},
    {.operation = "DeleteSubscriptionFilter", .resource = kGroup},
    {.operation = "DescribeLogGroups", .resource = kAllGroups},
    {.operation = "DescribeLogStreams", .resource = kGroup},
    {.operation = "DescribeMetricFilters", .resource = "log-group:{logGroupName}:log-stream:|log-group::log-stream:"},
    {.operation = "DescribeQueries"},
    {.operation = "DescribeQueryDefinitions"},
    {.operation = "DescribeSubscriptionFilters", .resource = kGroup},
    {.operation = "FilterLogEvents", .resource = kGroup},
    {.operation = "GetLogEvents", .resource = kStream},
    {.operation = "GetLogGroupFields", .resource = kGroup},
    {.operation = "GetLogRecord"},
    {.operation = "GetQueryResults"},
    {.operation = "ListLogGroups", .resource = kAllGroups},
    {.operation = "ListTagsForResource", .resource = "@resourceArn"},
    {.operation = "ListTagsLogGroup", .resource = kTagged},
    {.operation = "PutLogEvents", .resource = kStream},
    {.operation = "PutLogGroupDeletionProtection", .resource = kGroup},
    {.operation = "PutMetricFilter", .resource = kGroup},
    {.operation = "PutQueryDefinition"},
    {.operation = "PutRetentionPolicy", .resource = kGroup},
    {.operation = "PutSubscriptionFilter", .resource = kGroup, .roles = "roleArn"},
    {.operation = "StartQuery",
     .resource = "log-group:{logGroupName}:log-stream:|@|log-group:{}:log-stream:",
     .each = "logGroupNames|logGroupIdentifiers"},
    {.operation = "StopQuery"},
    {.operation = "TagLogGroup", .resource = kTagged},
    {.operation = "TagResource", .resource = "@resourceArn"},
    {.operation = "TestMetricFilter"},
    {.operation = "UntagLogGroup", .resource = kTagged},
    {.operation = "UntagResource", .resource = "@resourceArn"},
};

constexpr cloud::AccessTable kTable{.prefix = "logs", .rows = kRows, .passed_to = "logs.amazonaws.com"};

}  // namespace

void describe_access(const cloud::House& house) {
  cloud::describe(house.authority, models::logs::kService, kTable);
}

}  // namespace signalbox::logs
