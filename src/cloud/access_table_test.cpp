#include "cloud/access_table.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "models/events.h"

namespace signalbox::cloud {
namespace {

namespace events = models::events;

constexpr AccessRow kRows[] = {
    {.operation = "PutEvents",
     .resource = "@EventBusName|event-bus/{EventBusName=default}",
     .each = "Entries",
     .keys = "events:source=Source events:fixed='yes'"},
    {.operation = "PutTargets",
     .resource = "rule/{Rule}",
     .action = "events:PutTargets events:Other",
     .keys = "events:TargetArn=Targets[].Arn",
     .roles = "Targets[].RoleArn"},
    {.operation = "ListRules"},
    {.operation = "DescribeRule", .resource = "$found|rule/{Name}"},
};
constexpr AccessTable kTable{.prefix = "events", .rows = kRows, .passed_to = "events.amazonaws.com"};

/// What is asked for first, as the refusal of an anonymous caller tells it.
template <class In, class Out>
std::string described(const wire::OperationOf<In, Out>& operation, In input) {
  const SystemClock clock;
  const Callers callers;
  Authority authority(callers, clock);
  const auto found = [](const Call&, const InputFields& fields) -> std::optional<std::string> {
    if (fields.text("Name") != "known") return std::nullopt;
    return "arn:found";
  };
  describe(authority, events::kService, kTable, {{"found", found}});
  authority.enforce();
  Call call;
  call.scope = {"123456789012", "us-east-1"};
  asio::io_context loop;
  const wire::AnyStructure in(*operation.operation->input, std::move(input));
  auto checked = asio::co_spawn(loop, authority.check(call, *operation.operation, in), asio::use_future);
  loop.run();
  const auto result = checked.get();
  return result ? "" : result.error().message;
}

std::string asked(const std::string& action, const std::string& resource) {
  return "User: anonymous is not authorized to perform: " + action + " on resource: " + resource +
         " because no resource-based policy allows the " + action + " action";
}

TEST(AccessTable, MakesArnsOfMembers) {
  events::PutEventsRequest put;
  put.entries.emplace(1);
  EXPECT_EQ(described(events::kPutEvents, put),
            asked("events:PutEvents", "arn:aws:events:us-east-1:123456789012:event-bus/default"));
  put.entries->front().event_bus_name = "b";
  EXPECT_EQ(described(events::kPutEvents, put),
            asked("events:PutEvents", "arn:aws:events:us-east-1:123456789012:event-bus/b"));
  put.entries->front().event_bus_name = "arn:aws:events:us-east-1:111111111111:event-bus/c";
  EXPECT_EQ(described(events::kPutEvents, put),
            asked("events:PutEvents", "arn:aws:events:us-east-1:111111111111:event-bus/c"));
  events::PutTargetsRequest targets;
  targets.rule = "r";
  EXPECT_EQ(described(events::kPutTargets, targets),
            asked("events:PutTargets", "arn:aws:events:us-east-1:123456789012:rule/r"));
  EXPECT_EQ(described(events::kListRules, events::ListRulesRequest()), asked("events:ListRules", "*"));
  events::DescribeRuleRequest rule;
  rule.name = "x";
  EXPECT_EQ(described(events::kDescribeRule, rule),
            asked("events:DescribeRule", "arn:aws:events:us-east-1:123456789012:rule/x"));
  rule.name = "known";
  EXPECT_EQ(described(events::kDescribeRule, rule), asked("events:DescribeRule", "arn:found"));
}

TEST(AccessTable, WhatIsNotDescribedIsRefused) {
  EXPECT_EQ(described(events::kDeleteRule, events::DeleteRuleRequest()),
            "Signalbox cannot tell whether events:DeleteRule is allowed, and so refuses it.");
}

}  // namespace
}  // namespace signalbox::cloud
