#include "services/cloudtrail/access.h"

#include "cloud/access_table.h"
#include "models/cloudtrail.h"

namespace signalbox::cloudtrail {
namespace {

constexpr std::string_view kTrail = "@Name|trail/{Name}";
constexpr std::string_view kTrailName = "@TrailName|trail/{TrailName}";

constexpr cloud::AccessRow kAccessRows[] = {
    {.operation = "AddTags", .resource = "@ResourceId"},
    {.operation = "CreateTrail", .resource = kTrail, .roles = "CloudWatchLogsRoleArn", .tagging = "cloudtrail:AddTags"},
    {.operation = "DeleteTrail", .resource = kTrail},
    {.operation = "DescribeTrails"},
    {.operation = "GetEventSelectors", .resource = kTrailName},
    {.operation = "GetTrail", .resource = kTrail},
    {.operation = "GetTrailStatus", .resource = kTrail},
    {.operation = "ListPublicKeys"},
    {.operation = "ListTags", .resource = "{}", .each = "ResourceIdList"},
    {.operation = "ListTrails"},
    {.operation = "LookupEvents"},
    {.operation = "PutEventSelectors", .resource = kTrailName},
    {.operation = "RemoveTags", .resource = "@ResourceId"},
    {.operation = "StartLogging", .resource = kTrail},
    {.operation = "StopLogging", .resource = kTrail},
    {.operation = "UpdateTrail", .resource = kTrail, .roles = "CloudWatchLogsRoleArn"},
};

constexpr cloud::AccessTable kTable{
    .prefix = "cloudtrail", .rows = kAccessRows, .passed_to = "cloudtrail.amazonaws.com"};

}  // namespace

void describe_access(const cloud::House& house) {
  cloud::describe(house.authority, models::cloudtrail::kService, kTable);
}

}  // namespace signalbox::cloudtrail
