#include "services/events/access.h"

#include "cloud/access_table.h"
#include "models/events.h"
#include "services/events/core.h"
#include "services/events/names.h"

namespace signalbox::events {
namespace {

constexpr std::string_view kArchive = "archive/{ArchiveName}";
constexpr std::string_view kReplay = "replay/{ReplayName}";
constexpr std::string_view kConnection = "connection/{Name}";
constexpr std::string_view kDestination = "api-destination/{Name}";
constexpr std::string_view kNamedBus = "@Name|event-bus/{Name}";
constexpr std::string_view kBus = "@EventBusName|event-bus/{EventBusName=default}";

constexpr cloud::AccessRow kRows[] = {
    {.operation = "CancelReplay", .resource = kReplay},
    {.operation = "CreateApiDestination", .resource = kDestination},
    {.operation = "CreateArchive", .resource = kArchive},
    {.operation = "CreateConnection", .resource = kConnection},
    {.operation = "CreateEventBus", .resource = kNamedBus, .tagging = "events:TagResource"},
    {.operation = "DeauthorizeConnection", .resource = kConnection},
    {.operation = "DeleteApiDestination", .resource = kDestination},
    {.operation = "DeleteArchive", .resource = kArchive},
    {.operation = "DeleteConnection", .resource = kConnection},
    {.operation = "DeleteEventBus", .resource = kNamedBus},
    {.operation = "DeleteRule", .resource = "$rule"},
    {.operation = "DescribeApiDestination", .resource = kDestination},
    {.operation = "DescribeArchive", .resource = kArchive},
    {.operation = "DescribeConnection", .resource = kConnection},
    {.operation = "DescribeEventBus", .resource = "@Name|event-bus/{Name=default}"},
    {.operation = "DescribeReplay", .resource = kReplay},
    {.operation = "DescribeRule", .resource = "$rule"},
    {.operation = "DisableRule", .resource = "$rule"},
    {.operation = "EnableRule", .resource = "$rule"},
    {.operation = "ListApiDestinations"},
    {.operation = "ListArchives"},
    {.operation = "ListConnections"},
    {.operation = "ListEndpoints"},
    {.operation = "ListEventBuses"},
    {.operation = "ListReplays"},
    {.operation = "ListRuleNamesByTarget"},
    {.operation = "ListRules"},
    {.operation = "ListTagsForResource", .resource = "@ResourceARN"},
    {.operation = "ListTargetsByRule", .resource = "$rule"},
    {.operation = "PutEvents",
     .resource = kBus,
     .each = "Entries",
     .keys = "events:source=Source events:detail-type=DetailType events:eventBusInvocation='false'"},
    {.operation = "PutPermission", .resource = kBus},
    {.operation = "PutRule", .resource = "$rule", .roles = "RoleArn", .tagging = "events:TagResource"},
    {.operation = "PutTargets",
     .resource = "$rule",
     .keys = "events:TargetArn=Targets[].Arn",
     .roles = "Targets[].RoleArn"},
    {.operation = "RemovePermission", .resource = kBus},
    {.operation = "RemoveTargets", .resource = "$rule"},
    {.operation = "StartReplay", .resource = kReplay},
    {.operation = "TagResource", .resource = "@ResourceARN"},
    {.operation = "TestEventPattern"},
    {.operation = "UntagResource", .resource = "@ResourceARN"},
    {.operation = "UpdateApiDestination", .resource = kDestination},
    {.operation = "UpdateArchive", .resource = kArchive},
    {.operation = "UpdateConnection", .resource = kConnection},
    {.operation = "UpdateEventBus", .resource = "@Name|event-bus/{Name=default}"},
};

constexpr cloud::AccessTable kTable{.prefix = "events", .rows = kRows, .passed_to = "events.amazonaws.com"};

/// rule/NAME on the default bus, else rule/BUS/NAME; the bus may be of another account.
std::optional<std::string> rule_arn(const cloud::Call& call, const cloud::InputFields& input) {
  std::string name = input.text("Rule");
  if (name.empty()) name = input.text("Name");
  std::string bus = input.text("EventBusName");
  cloud::Scope scope = call.scope;
  if (const auto arn = cloud::Arn::parse(bus)) {
    scope = arn->scope();
    bus = arn->resource.substr(arn->resource.find('/') + 1);
  }
  const bool standard = bus.empty() || bus == kDefaultBus;
  return cloud::make_arn("events", scope, "rule/" + (standard ? name : bus + "/" + name));
}

}  // namespace

void describe_access(const Core& core) {
  cloud::describe(core.house.authority, models::events::kService, kTable, {{"rule", rule_arn}});
  core.house.authority.know("events", [&core](std::string arn) -> asio::awaitable<cloud::ResourceFacts> {
    cloud::ResourceFacts facts;
    const auto parsed = cloud::Arn::parse(arn);
    const auto id = parsed ? bus_of(*parsed) : std::nullopt;
    if (const BusPtr bus = id ? core.buses.find(*id) : nullptr) facts.policy = bus->policy();
    co_return facts;
  });
}

}  // namespace signalbox::events
