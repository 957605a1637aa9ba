#include "services/events/access.h"

#include "cloud/access_table.h"
#include "json/json.h"
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

/// A rule is its creator's, and no account makes rules for another.
constexpr std::string_view kCreator = "events:creatorAccount=account";

constexpr cloud::AccessRow kAccessRows[] = {
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
    {.operation = "DeleteRule", .resource = "$rule", .keys = kCreator},
    {.operation = "DescribeApiDestination", .resource = kDestination},
    {.operation = "DescribeArchive", .resource = kArchive},
    {.operation = "DescribeConnection", .resource = kConnection},
    {.operation = "DescribeEventBus", .resource = "@Name|event-bus/{Name=default}"},
    {.operation = "DescribeReplay", .resource = kReplay},
    {.operation = "DescribeRule", .resource = "$rule", .keys = kCreator},
    {.operation = "DisableRule", .resource = "$rule", .keys = kCreator},
    {.operation = "EnableRule", .resource = "$rule", .keys = kCreator},
    {.operation = "ListApiDestinations"},
    {.operation = "ListArchives"},
    {.operation = "ListConnections"},
    {.operation = "ListEndpoints"},
    {.operation = "ListEventBuses"},
    {.operation = "ListReplays"},
    {.operation = "ListRuleNamesByTarget"},
    {.operation = "ListRules"},
    {.operation = "ListTagsForResource", .resource = "$tagged"},
    {.operation = "ListTargetsByRule", .resource = "$rule", .keys = kCreator},
    {.operation = "PutEvents",
     .resource = kBus,
     .each = "Entries",
     .keys = "events:source=Source events:detail-type=DetailType events:eventBusInvocation='false'"},
    {.operation = "PutPermission", .resource = kBus},
    {.operation = "PutRule",
     .resource = "$rule",
     .keys = "events:creatorAccount=account events:source=$source events:detail-type=$detail-type "
             "events:detail.service=$detail.service events:detail.eventTypeCode=$detail.eventTypeCode "
             "events:detail.userIdentity.principalId=$detail.userIdentity.principalId",
     .roles = "RoleArn",
     .tagging = "events:TagResource"},
    {.operation = "PutTargets",
     .resource = "$rule",
     .keys = "events:TargetArn=Targets[].Arn events:creatorAccount=account",
     .roles = "Targets[].RoleArn"},
    {.operation = "RemovePermission", .resource = kBus},
    {.operation = "RemoveTargets", .resource = "$rule", .keys = kCreator},
    {.operation = "StartReplay", .resource = kReplay},
    {.operation = "TagResource", .resource = "$tagged"},
    {.operation = "TestEventPattern"},
    {.operation = "UntagResource", .resource = "$tagged"},
    {.operation = "UpdateApiDestination", .resource = kDestination},
    {.operation = "UpdateArchive", .resource = kArchive},
    {.operation = "UpdateConnection", .resource = kConnection},
    {.operation = "UpdateEventBus", .resource = "@Name|event-bus/{Name=default}"},
};

constexpr cloud::AccessTable kTable{.prefix = "events", .rows = kAccessRows, .passed_to = "events.amazonaws.com"};

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

/// What has the tags, by the one ARN that policies know it by: "rule/default/NAME" is "rule/NAME".
std::optional<std::string> tagged_arn(const cloud::Call& call, const cloud::InputFields& input) {
  const auto tagged = resolve_tagged(call.scope, input.text("ResourceARN"));
  if (!tagged) return std::nullopt;
  return tagged->rule.empty() ? tagged->bus.arn() : tagged->bus.rule_arn(tagged->rule);
}

/// What stands for all that a pattern matches without saying it literally: a value that no condition would name.
constexpr std::string_view kMatcher = "{matcher}";

/// The values that a pattern, or a part of it, lists at a path ("detail.service"). A matcher in place of a literal
/// takes in texts that nobody can list, so it is a value that no literal of a condition equals: else a condition that
/// all values be among some would be met by {"anything-but": ...}.
class PatternValues {
 public:
  /// False where the part says nothing of that path.
  bool add(json::Value part, std::string_view path) {
    if (path.empty()) return add_leaf(part);
    if (!part.is_object()) return false;
    const std::string_view name = path.substr(0, path.find('.'));
    const std::string_view rest = path.substr(std::min(path.size(), name.size() + 1));
    bool said = false;
    for (const auto [key, value] : part.members()) {
      if (key.is(name)) said = add(value, rest) || said;
      if (key.is("$or") && value.is_array()) said = add_alternatives(value, path) || said;
    }
    return said;
  }
  /// One a line.
  const std::string& lines() const { return lines_; }

 private:
  bool add_leaf(json::Value value) {
    if (!value.is_array()) {
      add_line(kMatcher);
      return true;
    }
    for (const json::Value one : value.elements()) {
      const std::string text = one.is_string() ? one.as_string() : std::string(kMatcher);
      add_line(text.contains('\n') ? kMatcher : text);
    }
    return true;
  }

  /// An alternative that says nothing of the path takes in everything there.
  bool add_alternatives(json::Value alternatives, std::string_view path) {
    bool some = false;
    bool all = true;
    for (const json::Value one : alternatives.elements()) {
      const bool said = add(one, path);
      some = some || said;
      all = all && said;
    }
    if (some && !all) add_line(kMatcher);
    return some;
  }

  void add_line(std::string_view text) { lines_.append(text).append("\n"); }

  std::string lines_;
};

cloud::ResourceFinder of_pattern(std::string_view path) {
  return [path](const cloud::Call&, const cloud::InputFields& input) -> std::optional<std::string> {
    json::Document document;
    const std::string pattern = input.text("EventPattern");
    const auto root = document.parse(pattern);
    if (!root) return std::nullopt;
    PatternValues values;
    values.add(*root, path);
    return values.lines();
  };
}

/// Buses and rules are all that has tags; a bus has a policy, too.
asio::awaitable<cloud::ResourceFacts> facts_of(const Core& core, std::string arn) {
  cloud::ResourceFacts facts;
  const auto parsed = cloud::Arn::parse(arn);
  if (!parsed) co_return facts;
  const auto tagged = resolve_tagged(parsed->scope(), arn);
  const BusPtr bus = tagged ? core.buses.find(tagged->bus) : nullptr;
  if (!bus) co_return facts;
  if (tagged->rule.empty()) {
    facts.policy = bus->policy();
    if (const auto record = bus->record()) facts.tags.assign(record->tags.begin(), record->tags.end());
    co_return facts;
  }
  const RulePtr rule = co_await on_shard(bus, [&] { return bus->find_rule(tagged->rule); });
  if (rule) facts.tags.assign(rule->record.tags.begin(), rule->record.tags.end());
  co_return facts;
}

}  // namespace

void describe_access(const Core& core) {
  cloud::ResourceFinders finders{{"rule", rule_arn}, {"tagged", tagged_arn}};
  for (const std::string_view path :
       {"source", "detail-type", "detail.service", "detail.eventTypeCode", "detail.userIdentity.principalId"}) {
    finders.emplace(path, of_pattern(path));
  }
  cloud::describe(core.house.authority, models::events::kService, kTable, std::move(finders));
  core.house.authority.know("events", [&core](std::string arn) { return facts_of(core, std::move(arn)); });
}

}  // namespace signalbox::events
