#include "services/cloudwatch/access.h"

#include "cloud/access_table.h"
#include "models/cloudwatch.h"

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

}  // namespace

void describe_access(const cloud::House& house) {
  cloud::describe(house.authority, models::cloudwatch::kService, kTable);
}

}  // namespace signalbox::cloudwatch
