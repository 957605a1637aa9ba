#include "services/scheduler/access.h"

#include "cloud/access_table.h"
#include "models/scheduler.h"
#include "services/scheduler/core.h"

namespace signalbox::scheduler {
namespace {

namespace asio = boost::asio;

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

/// The name in "schedule-group/NAME"; the group's in "schedule/GROUP/NAME".
std::string_view group_in(std::string_view resource) {
  const auto slash = resource.find('/');
  const std::string_view kind = resource.substr(0, slash);
  if (slash == std::string_view::npos || (kind != "schedule-group" && kind != "schedule")) return {};
  const std::string_view name = resource.substr(slash + 1);
  return kind == "schedule" ? name.substr(0, name.find('/')) : name;
}

/// Schedules have no tags: those of their group stand for them.
asio::awaitable<cloud::ResourceFacts> facts_of(const Core& core, std::string arn) {
  cloud::ResourceFacts facts;
  const auto parsed = cloud::Arn::parse(arn);
  const GroupPtr group = parsed ? core.find_group({parsed->scope(), std::string(group_in(parsed->resource))}) : nullptr;
  if (group) facts.tags.assign(group->tags.begin(), group->tags.end());
  co_return facts;
}

}  // namespace

void describe_access(const Core& core) {
  auto& authority = core.house.authority;
  cloud::describe(authority, models::scheduler::kService, kTable);
  authority.know("scheduler", [&core](std::string arn) { return facts_of(core, std::move(arn)); });
}

}  // namespace signalbox::scheduler
