#include "services/events/events.h"

#include "services/events/test_server.h"

namespace signalbox::events {
namespace {

constexpr const char* kBusArn = "arn:aws:events:us-east-1:123456789012:event-bus/";

m::CreateEventBusRequest bus_request(std::string name) {
  m::CreateEventBusRequest request;
  request.name = std::move(name);
  return request;
}

m::DescribeEventBusRequest describe_bus(std::optional<std::string> name) {
  m::DescribeEventBusRequest request;
  request.name = std::move(name);
  return request;
}

m::DescribeRuleRequest describe_rule(std::string name, std::optional<std::string> bus = std::nullopt) {
  m::DescribeRuleRequest request;
  request.name = std::move(name);
  request.event_bus_name = std::move(bus);
  return request;
}

TEST(EventBuses, TheDefaultOneIsThere) {
  TestServer server;
  const auto described = server.call(m::kDescribeEventBus, m::DescribeEventBusRequest{});
  ASSERT_EQ(error_of(described), "");
  EXPECT_EQ(described->name, "default");
  EXPECT_EQ(described->arn, std::string(kBusArn) + "default");
  const auto listed = server.call(m::kListEventBuses, m::ListEventBusesRequest{});
  ASSERT_EQ(listed->event_buses->size(), 1U);
  m::DeleteEventBusRequest remove;
  remove.name = "default";
  EXPECT_EQ(error_of(server.call(m::kDeleteEventBus, remove)), "ValidationException: Cannot delete event bus default.");
  EXPECT_EQ(error_of(server.call(m::kCreateEventBus, bus_request("default"))),
            "ResourceAlreadyExistsException: Event bus default already exists.");
}

TEST(EventBuses, AreCreatedUpdatedListedAndDeleted) {
  TestServer server;
  auto request = bus_request("orders");
  request.description = "first";
  const auto created = server.call(m::kCreateEventBus, request);
  ASSERT_EQ(error_of(created), "");
  EXPECT_EQ(created->event_bus_arn, std::string(kBusArn) + "orders");
  EXPECT_EQ(error_of(server.call(m::kCreateEventBus, request)),
            "ResourceAlreadyExistsException: Event bus orders already exists.");

  server.clock.advance(std::chrono::seconds(5));
  m::UpdateEventBusRequest update;
  update.name = "orders";
  update.description = "second";
  ASSERT_EQ(error_of(server.call(m::kUpdateEventBus, update)), "");
  server.restart();
  for (const std::string& name : {std::string("orders"), std::string(kBusArn) + "orders"}) {
    const auto described = server.call(m::kDescribeEventBus, describe_bus(name));
    ASSERT_EQ(error_of(described), "");
    EXPECT_EQ(described->description, "second");
    EXPECT_EQ(*described->last_modified_time - *described->creation_time, std::chrono::seconds(5));
  }

  m::DeleteEventBusRequest remove;
  remove.name = "orders";
  ASSERT_EQ(error_of(server.call(m::kPutRule, rule_request("r", R"({"a":["b"]})", "orders"))), "");
  EXPECT_EQ(error_of(server.call(m::kDeleteEventBus, remove)),
            "ValidationException: Event bus orders can't be deleted since it has rules.");
  m::DeleteRuleRequest remove_rule;
  remove_rule.name = "r";
  remove_rule.event_bus_name = "orders";
  ASSERT_EQ(error_of(server.call(m::kDeleteRule, remove_rule)), "");
  EXPECT_EQ(error_of(server.call(m::kDeleteEventBus, remove)), "");
  EXPECT_EQ(error_of(server.call(m::kDeleteEventBus, remove)), "");
  EXPECT_EQ(error_of(server.call(m::kDescribeEventBus, describe_bus("orders"))),
            "ResourceNotFoundException: Event bus orders does not exist.");
  EXPECT_EQ(error_of(server.call(m::kPutRule, rule_request("r", R"({"a":["b"]})", "orders"))),
            "ResourceNotFoundException: Event bus orders does not exist.");
  EXPECT_EQ(error_of(server.call(m::kCreateEventBus, request)), "");
}

TEST(EventBuses, AreListedInPages) {
  TestServer server;
  for (const char* name : {"c", "ab", "aa", "b", "ac"}) {
    ASSERT_EQ(error_of(server.call(m::kCreateEventBus, bus_request(name))), "");
  }
  m::ListEventBusesRequest request;
  request.name_prefix = "a";
  request.limit = 2;
  auto first = server.call(m::kListEventBuses, request);
  ASSERT_EQ(first->event_buses->size(), 2U);
  EXPECT_EQ(first->event_buses->at(1).name, "ab");
  ASSERT_TRUE(first->next_token);
  request.next_token = first->next_token;
  auto second = server.call(m::kListEventBuses, request);
  ASSERT_EQ(second->event_buses->size(), 1U);
  EXPECT_EQ(second->event_buses->at(0).name, "ac");
  EXPECT_FALSE(second->next_token);
  request.next_token = "nonsense";
  EXPECT_EQ(error_of(server.call(m::kListEventBuses, request)),
            "ValidationException: Parameter NextToken is not valid.");
}

TEST(EventBuses, RefuseWhatIsNotDoneYet) {
  struct Case {
    const char* field;
    void (*set)(m::CreateEventBusRequest&);
  };
  const Case cases[] = {{"EventSourceName", [](auto& r) { r.event_source_name = "aws.partner/a/b"; }},
                        {"KmsKeyIdentifier", [](auto& r) { r.kms_key_identifier = "key"; }},
                        {"DeadLetterConfig", [](auto& r) { r.dead_letter_config.emplace(); }},
                        {"LogConfig", [](auto& r) { r.log_config.emplace(); }},
                        {"Event bus name must not contain '/'.", [](auto& r) { r.name = "a/b"; }}};
  TestServer server;
  for (const Case& c : cases) {
    auto request = bus_request("b");
    c.set(request);
    EXPECT_TRUE(
        error_of(server.call(m::kCreateEventBus, request)).starts_with(std::string("ValidationException: ") + c.field))
        << c.field;
  }
}

TEST(EventBuses, AHundredAndTheDefaultAreTheLimit) {
  TestServer server;
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(error_of(server.call(m::kCreateEventBus, bus_request("b" + std::to_string(i)))), "");
  }
  EXPECT_EQ(error_of(server.call(m::kCreateEventBus, bus_request("more"))),
            "LimitExceededException: The requested resource exceeds the maximum number allowed.");
  EXPECT_EQ(error_of(server.call(m::kCreateEventBus, bus_request("more"), {"999999999999", "us-east-1"})), "");
}

TEST(Permissions, AreKeptAsAPolicy) {
  TestServer server;
  m::PutPermissionRequest put;
  put.action = "events:PutEvents";
  put.principal = "111111111111";
  EXPECT_EQ(error_of(server.call(m::kPutPermission, put)),
            "ValidationException: Parameter(s) StatementId must be specified.");
  put.statement_id = "one";
  ASSERT_EQ(error_of(server.call(m::kPutPermission, put)), "");
  server.restart();
  const std::string policy = R"({"Version":"2012-10-17","Statement":[{"Sid":"one","Effect":"Allow",)"
                             R"("Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"events:PutEvents",)"
                             R"("Resource":"arn:aws:events:us-east-1:123456789012:event-bus/default"}]})";
  EXPECT_EQ(server.call(m::kDescribeEventBus, describe_bus("default"))->policy, policy);
  m::RemovePermissionRequest remove;
  remove.statement_id = "two";
  EXPECT_EQ(error_of(server.call(m::kRemovePermission, remove)),
            "ResourceNotFoundException: Statement with the provided id does not exist.");
  remove.statement_id.reset();
  remove.remove_all_permissions = true;
  ASSERT_EQ(error_of(server.call(m::kRemovePermission, remove)), "");
  EXPECT_FALSE(server.call(m::kDescribeEventBus, describe_bus("default"))->policy);
  put.event_bus_name = "none";
  EXPECT_EQ(error_of(server.call(m::kPutPermission, put)), "ResourceNotFoundException: Event bus none does not exist.");
}

TEST(Rules, ArePutDescribedAndDeleted) {
  TestServer server;
  ASSERT_EQ(error_of(server.call(m::kCreateEventBus, bus_request("orders"))), "");
  auto request = rule_request("r", R"({ "a": ["b"] })", std::string(kBusArn) + "orders");
  request.description = "why";
  request.role_arn = "arn:aws:iam::123456789012:role/x";
  const auto put = server.call(m::kPutRule, request);
  ASSERT_EQ(error_of(put), "");
  EXPECT_EQ(put->rule_arn, "arn:aws:events:us-east-1:123456789012:rule/orders/r");
  EXPECT_EQ(server.call(m::kPutRule, rule_request("r"))->rule_arn, "arn:aws:events:us-east-1:123456789012:rule/r");
  server.restart();
  const auto rule = server.call(m::kDescribeRule, describe_rule("r", "orders"));
  ASSERT_EQ(error_of(rule), "");
  EXPECT_EQ(rule->event_pattern, R"({ "a": ["b"] })");
  EXPECT_EQ(rule->state, "ENABLED");
  EXPECT_EQ(rule->description, "why");
  EXPECT_EQ(rule->role_arn, "arn:aws:iam::123456789012:role/x");
  EXPECT_EQ(rule->event_bus_name, "orders");
  EXPECT_EQ(rule->created_by, "123456789012");
  EXPECT_FALSE(rule->managed_by);
  EXPECT_EQ(error_of(server.call(m::kDescribeRule, describe_rule("none"))),
            "ResourceNotFoundException: Rule none does not exist on EventBus default.");

  ASSERT_EQ(error_of(server.call(m::kPutTargets, targets_request("r", {target("t")}))), "");
  m::DeleteRuleRequest remove;
  remove.name = "r";
  EXPECT_EQ(error_of(server.call(m::kDeleteRule, remove)),
            "ValidationException: Rule can't be deleted since it has targets.");
  remove.name = "none";
  EXPECT_EQ(error_of(server.call(m::kDeleteRule, remove)), "");
}

TEST(Rules, AreRefused) {
  struct Case {
    const char* name;
    void (*spoil)(m::PutRuleRequest&);
    const char* error;
  };
  const Case cases[] = {
      {"nothing to match", [](auto& r) { r.event_pattern.reset(); },
       "ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified."},
      {"schedule", [](auto& r) { r.schedule_expression = "rate(1 minutes)"; },
       "ValidationException: Parameter ScheduleExpression is not valid."},
      {"pattern", [](auto& r) { r.event_pattern = "nonsense"; }, "InvalidEventPatternException: "},
      {"size", [](auto& r) { r.event_pattern = R"({"a":[")" + std::string(2048, 'x') + R"("]})"; },
       "ValidationException: Parameter EventPattern for rule r exceeds limit of 2048."},
      {"bus", [](auto& r) { r.event_bus_name = "none"; }, "ResourceNotFoundException: Event bus none does not exist."},
      {"account", [](auto& r) { r.event_bus_name = "arn:aws:events:us-east-1:999999999999:event-bus/b"; },
       "ValidationException: EventBusName of another account is not allowed here"},
  };
  TestServer server;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    auto request = rule_request("r");
    c.spoil(request);
    const std::string error = error_of(server.call(m::kPutRule, request));
    EXPECT_TRUE(error.starts_with(c.error)) << error;
  }
}

TEST(Rules, AreListedByPrefixPageAndTarget) {
  TestServer server;
  for (const char* name : {"a1", "a2", "a3", "b1"}) {
    ASSERT_EQ(error_of(server.call(m::kPutRule, rule_request(name))), "");
    if (std::string_view(name) == "a2") continue;
    ASSERT_EQ(error_of(server.call(m::kPutTargets, targets_request(name, {target("t")}))), "");
  }
  m::ListRulesRequest list;
  list.name_prefix = "a";
  list.limit = 2;
  const auto first = server.call(m::kListRules, list);
  ASSERT_EQ(first->rules->size(), 2U);
  list.next_token = first->next_token;
  const auto second = server.call(m::kListRules, list);
  ASSERT_EQ(second->rules->size(), 1U);
  EXPECT_EQ(second->rules->at(0).name, "a3");
  EXPECT_FALSE(second->next_token);

  m::ListRuleNamesByTargetRequest by_target;
  by_target.target_arn = kQueue;
  by_target.limit = 2;
  const auto names = server.call(m::kListRuleNamesByTarget, by_target);
  EXPECT_EQ(*names->rule_names, (std::vector<std::string>{"a1", "a3"}));
  by_target.next_token = names->next_token;
  EXPECT_EQ(*server.call(m::kListRuleNamesByTarget, by_target)->rule_names, std::vector<std::string>{"b1"});
}

TEST(Targets, ArePutListedAndRemoved) {
  TestServer server;
  EXPECT_EQ(error_of(server.call(m::kPutTargets, targets_request("r", {target("t")}))),
            "ResourceNotFoundException: Rule r does not exist on EventBus default.");
  ASSERT_EQ(error_of(server.call(m::kPutRule, rule_request("r"))), "");
  auto full = target("b");
  full.role_arn = "arn:aws:iam::123456789012:role/x";
  full.input_transformer.emplace().input_template = R"("<aws.events.rule-name>")";
  full.sqs_parameters.emplace().message_group_id = "g";
  EXPECT_EQ(error_of(server.call(m::kPutTargets, targets_request("r", {full, target("c", "not an arn")}))),
            "ValidationException: Parameter not an arn is not valid. Reason: Provided Arn is not in correct format.");
  const auto put = server.call(m::kPutTargets, targets_request("r", {full, target("a")}));
  ASSERT_EQ(error_of(put), "");
  EXPECT_EQ(put->failed_entry_count, 0);
  server.restart();
  m::ListTargetsByRuleRequest list;
  list.rule = "r";
  const auto listed = server.call(m::kListTargetsByRule, list);
  ASSERT_EQ(listed->targets->size(), 2U);
  const m::Target& kept = listed->targets->at(1);
  EXPECT_EQ(kept.id, "b");
  EXPECT_EQ(kept.arn, kQueue);
  EXPECT_EQ(kept.role_arn, full.role_arn);
  EXPECT_EQ(kept.input_transformer->input_template, full.input_transformer->input_template);
  EXPECT_EQ(kept.sqs_parameters->message_group_id, "g");

  m::RemoveTargetsRequest remove;
  remove.rule = "r";
  remove.ids = {"a", "z"};
  const auto removed = server.call(m::kRemoveTargets, remove);
  EXPECT_EQ(removed->failed_entry_count, 1);
  EXPECT_EQ(removed->failed_entries->at(0).error_message, "Rule 'r' does not have a target with the Id 'z'.");
  EXPECT_EQ(server.call(m::kListTargetsByRule, list)->targets->size(), 1U);
}

TEST(Targets, AreRefused) {
  struct Case {
    const char* name;
    void (*spoil)(m::Target&);
    const char* error;
  };
  const Case cases[] = {
      {"kind", [](auto& t) { t.arn = "arn:aws:lambda:us-east-1:123456789012:function:f"; },
       "ValidationException: A target of kind lambda is not supported yet"},
      {"account", [](auto& t) { t.arn = "arn:aws:sqs:us-east-1:999999999999:q"; },
       "ValidationException: A target in another account or Region is not supported yet"},
      {"other parameters", [](auto& t) { t.kinesis_parameters.emplace().partition_key_path = "$.id"; },
       "ValidationException: Parameter(s) KinesisParameters not supported for target: t."},
      {"dead letters",
       [](auto& t) { t.dead_letter_config.emplace().arn = "arn:aws:sqs:us-east-1:123456789012:q.fifo"; },
       "ValidationException: Parameter DeadLetterConfig.Arn is not valid. Reason: "
       "arn:aws:sqs:us-east-1:123456789012:q.fifo is not a standard SQS queue."},
      {"dead letters to a topic",
       [](auto& t) { t.dead_letter_config.emplace().arn = "arn:aws:sns:us-east-1:123456789012:t"; },
       "ValidationException: Parameter DeadLetterConfig.Arn is not valid."},
      {"dead letters elsewhere",
       [](auto& t) { t.dead_letter_config.emplace().arn = "arn:aws:sqs:eu-west-1:123456789012:q"; },
       "ValidationException: A DeadLetterConfig in another account or Region is not supported yet"},
      {"two inputs",
       [](auto& t) {
         t.input = "1";
         t.input_path = "$";
       },
       "ValidationException: Only one of Input, InputPath, or InputTransformer must be provided for target t."},
  };
  TestServer server;
  ASSERT_EQ(error_of(server.call(m::kPutRule, rule_request("r"))), "");
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    auto bad = target("t");
    c.spoil(bad);
    const std::string error = error_of(server.call(m::kPutTargets, targets_request("r", {bad})));
    EXPECT_TRUE(error.starts_with(c.error)) << error;
  }
  std::vector<m::Target> six;
  for (const char* id : {"1", "2", "3", "4", "5", "6"}) six.push_back(target(id));
  EXPECT_EQ(error_of(server.call(m::kPutTargets, targets_request("r", six))),
            "LimitExceededException: The requested resource exceeds the maximum number allowed.");
}

TEST(Tags, BelongToBusesAndRules) {
  TestServer server;
  auto bus = bus_request("orders");
  bus.tags = {{m::Tag{"at", "creation"}}};
  ASSERT_EQ(error_of(server.call(m::kCreateEventBus, bus)), "");
  auto rule = rule_request("r", R"({"a":["b"]})", "orders");
  rule.tags = bus.tags;
  ASSERT_EQ(error_of(server.call(m::kPutRule, rule)), "");
  for (const char* resource : {"event-bus/orders", "rule/orders/r"}) {
    SCOPED_TRACE(resource);
    const std::string arn = std::string("arn:aws:events:us-east-1:123456789012:") + resource;
    m::TagResourceRequest tag;
    tag.resource_arn = arn;
    tag.tags = {{m::Tag{"k", "v"}, m::Tag{"at", "later"}}};
    ASSERT_EQ(error_of(server.call(m::kTagResource, tag)), "");
    m::UntagResourceRequest untag;
    untag.resource_arn = arn;
    untag.tag_keys = {"k", "unknown"};
    ASSERT_EQ(error_of(server.call(m::kUntagResource, untag)), "");
    server.restart();
    m::ListTagsForResourceRequest list;
    list.resource_arn = arn;
    const auto tags = server.call(m::kListTagsForResource, list);
    ASSERT_EQ(error_of(tags), "");
    ASSERT_EQ(tags->tags->size(), 1U);
    EXPECT_EQ(tags->tags->at(0).value, "later");
  }
  m::ListTagsForResourceRequest none;
  none.resource_arn = "arn:aws:events:us-east-1:123456789012:rule/none";
  EXPECT_EQ(error_of(server.call(m::kListTagsForResource, none)),
            "ResourceNotFoundException: Rule none does not exist on EventBus default.");
  m::TagResourceRequest many;
  many.resource_arn = "arn:aws:events:us-east-1:123456789012:event-bus/orders";
  many.tags.emplace();
  for (int i = 0; i < 50; ++i) many.tags->push_back({"k" + std::to_string(i), "v"});
  EXPECT_TRUE(error_of(server.call(m::kTagResource, many)).starts_with("ValidationException: "));
}

TEST(Events, AnswersByNameWhatItDoesNotDo) {
  TestServer server;
  EXPECT_TRUE(error_of(server.call(m::kActivateEventSource, m::ActivateEventSourceRequest{"aws.partner/a/b"}))
                  .starts_with("NotImplemented: "));
}

}  // namespace
}  // namespace signalbox::events
