#include "services/cloudwatch/access.h"

#include "cloud/access_table.h"
#include "models/cloudwatch.h"
#include "services/cloudwatch/core.h"

namespace signalbox::cloudwatch {
namespace {

constexpr std::string_view kDashboard = "arn:aws:cloudwatch::{account}:dashboard/{DashboardName}";

constexpr cloud::AccessRow kAccessRows[] = {
    {.operation = "DeleteAlarms", .resource = "alarm:{}", .each = "AlarmNames"},
    {.operation = "DeleteDashboards",
     .resource = "arn:aws:cloudwatch::{account}:dashboard/{}",
     .each = "DashboardNames"},
    {.operation = "DescribeAlarmContributors", .resource = "alarm:{AlarmName}"},
    {.operation = "DescribeAlarmHistory", .resource = "alarm:{AlarmName=*}"},
    {.operation = "DescribeAlarms", .resource = "alarm:*"},
    {.operation = "DescribeAlarmsForMetric"},
    {.operation = "DisableAlarmActions", .resource = "alarm:{}", .each = "AlarmNames"},
    {.operation = "EnableAlarmActions", .resource = "alarm:{}", .each = "AlarmNames"},
    {.operation = "GetDashboard", .resource = kDashboard},
    {.operation = "GetMetricData"},
    {.operation = "GetMetricStatistics"},
    {.operation = "ListDashboards"},
    {.operation = "ListMetrics"},
    {.operation = "ListTagsForResource", .resource = "@ResourceARN"},
    {.operation = "PutCompositeAlarm",
     .resource = "alarm:{AlarmName}",
     .keys = "cloudwatch:AlarmActions=AlarmActions",
     .tagging = "cloudwatch:TagResource"},
    {.operation = "PutDashboard", .resource = kDashboard, .tagging = "cloudwatch:TagResource"},
    {.operation = "PutMetricAlarm",
     .resource = "alarm:{AlarmName}",
     .keys = "cloudwatch:AlarmActions=AlarmActions cloudwatch:namespace=Namespace",
     .tagging = "cloudwatch:TagResource"},
    {.operation = "PutMetricData", .keys = "cloudwatch:namespace=Namespace"},
    {.operation = "SetAlarmState", .resource = "alarm:{AlarmName}"},
    {.operation = "TagResource", .resource = "@ResourceARN"},
    {.operation = "UntagResource", .resource = "@ResourceARN"},
};

constexpr cloud::AccessTable kTable{.prefix = "cloudwatch", .rows = kAccessRows};

/// Alarms are all that has tags here.
asio::awaitable<cloud::ResourceFacts> facts_of(const Core& core, std::string arn) {
  cloud::ResourceFacts facts;
  const auto parsed = cloud::Arn::parse(arn);
  const std::string name = parsed ? alarm_name_of(parsed->scope(), arn) : "";
  if (name.empty()) co_return facts;
  const AlarmSet* const set = core.alarms.find(parsed->scope());
  if (set == nullptr) co_return facts;
  co_await cloud::on(set->shard, [&]() -> asio::awaitable<void> {
    if (const AlarmPtr alarm = set->find(name)) facts.tags.assign(alarm->record.tags.begin(), alarm->record.tags.end());
    co_return;
  });
  co_return facts;
}

}  // namespace

void describe_access(const Core& core) {
  auto& authority = core.house.authority;
  cloud::describe(authority, models::cloudwatch::kService, kTable);
  authority.know("cloudwatch", [&core](std::string arn) { return facts_of(core, std::move(arn)); });
}

}  // namespace signalbox::cloudwatch
