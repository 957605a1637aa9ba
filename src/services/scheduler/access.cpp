#include "services/scheduler/access.h"

#include "cloud/access_table.h"
#include "models/scheduler.h"

namespace signalbox::scheduler {
namespace {

constexpr std::string_view kSchedule = "schedule/{GroupName=default}/{Name}";
constexpr std::string_view kGroup = "schedule-group/{Name}";

constexpr cloud::AccessRow kRows[] = {
    {.operation = "CreateSchedule", .resource = kSchedule, .roles = "Target.RoleArn"},
    {.operation = "CreateScheduleGroup", .resource = kGroup, .tagging = "scheduler:TagResource"},
    {.operation = "DeleteSchedule", .resource = kSchedule},
    {.operation = "DeleteScheduleGroup", .resource = kGroup},
    {.operation = "GetSchedule", .resource = kSchedule},
    {.operation = "GetScheduleGroup", .resource = kGroup},
    {.operation = "ListScheduleGroups"},
    {.operation = "ListSchedules", .resource = "schedule/{GroupName=*}/*"},
    {.operation = "ListTagsForResource", .resource = "@ResourceArn"},
    {.operation = "TagResource", .resource = "@ResourceArn"},
    {.operation = "UntagResource", .resource = "@ResourceArn"},
    {.operation = "UpdateSchedule", .resource = kSchedule, .roles = "Target.RoleArn"},
};

constexpr cloud::AccessTable kTable{.prefix = "scheduler", .rows = kRows, .passed_to = "scheduler.amazonaws.com"};

}  // namespace

void describe_access(const cloud::House& house) {
  cloud::describe(house.authority, models::scheduler::kService, kTable);
}

}  // namespace signalbox::scheduler
