#include "services/events/test_server.h"

namespace signalbox::events {
namespace {

void put_rule_to(TestServer& server, std::string rule, std::string pattern, m::Target to) {
  ASSERT_EQ(error_of(server.call(m::kPutRule, rule_request(rule, std::move(pattern)))), "");
  ASSERT_EQ(error_of(server.call(m::kPutTargets, targets_request(rule, {std::move(to)}))), "");
}

TEST(PutEvents, DeliversTheWholeEvent) {
  TestServer server;
  put_rule_to(server, "r", R"({"detail":{"a":["b"]}})", target("t"));
  auto matching = entry(R"({ "a" : "b", "n": 1.50 })");
  matching.resources = {"arn:one", "two \"2\""};
  const auto put = server.call(m::kPutEvents, events_request({matching, entry(R"({"a":"c"})")}));
  ASSERT_EQ(error_of(put), "");
  EXPECT_EQ(put->failed_entry_count, 0);
  ASSERT_EQ(put->entries->size(), 2U);
  const std::string id = put->entries->front().event_id.value_or("");
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(server.kept(),
            std::vector<std::string>{
                R"({"version":"0","id":")" + id +
                R"(","detail-type":"Thing","source":"my.app","account":"123456789012","time":"2017-04-28T17:56:40Z",)"
                R"("region":"us-east-1","resources":["arn:one","two \"2\""],"detail":{"a":"b","n":1.50}})"});
  EXPECT_EQ(server.counts.committed, 1);
}

struct BadEntry {
  const char* name;
  void (*spoil)(m::PutEventsRequestEntry&);
  const char* code;
  const char* message;
};

TEST(PutEvents, RefusesEntriesOneByOne) {
  const BadEntry cases[] = {
      {"no source", [](auto& e) { e.source.reset(); }, "InvalidArgument",
       "Parameter Source is not valid. Reason: Source is a required argument."},
      {"no type", [](auto& e) { e.detail_type.reset(); }, "InvalidArgument",
       "Parameter DetailType is not valid. Reason: DetailType is a required argument."},
      {"no detail", [](auto& e) { e.detail.reset(); }, "InvalidArgument",
       "Parameter Detail is not valid. Reason: Detail is a required argument."},
      {"not JSON", [](auto& e) { e.detail = "{"; }, "MalformedDetail", "Detail is malformed."},
      {"an array", [](auto& e) { e.detail = "[]"; }, "MalformedDetail", "Detail is malformed."},
      {"a string", [](auto& e) { e.detail = "\"{}\""; }, "MalformedDetail", "Detail is malformed."},
      {"AWS's name", [](auto& e) { e.source = "aws.ec2"; }, "NotAuthorizedForSourceException",
       "Not authorized for the source."},
      {"another account", [](auto& e) { e.event_bus_name = "arn:aws:events:us-east-1:999999999999:event-bus/default"; },
       "AccessDeniedException",
       "Account 123456789012 is not allowed to put events on event bus "
       "arn:aws:events:us-east-1:999999999999:event-bus/default."},
  };
  TestServer server;
  put_rule_to(server, "r", R"({"account":["123456789012"]})", target("t"));
  for (const BadEntry& c : cases) {
    SCOPED_TRACE(c.name);
    auto bad = entry();
    c.spoil(bad);
    const auto before = server.kept().size();
    const auto put = server.call(m::kPutEvents, events_request({bad, entry()}));
    ASSERT_EQ(error_of(put), "");
    EXPECT_EQ(put->failed_entry_count, 1);
    EXPECT_EQ(put->entries->at(0).error_code, c.code);
    EXPECT_EQ(put->entries->at(0).error_message, c.message);
    EXPECT_TRUE(put->entries->at(1).event_id);
    EXPECT_EQ(server.kept().size(), before + 1);
  }
}

TEST(PutEvents, BoundsTheCall) {
  TestServer server;
  EXPECT_EQ(error_of(server.call(m::kPutEvents, events_request(std::vector(11, entry())))),
            "ValidationException: A call takes 1 to 10 Entries.");
  // 6 and 5 bytes of source and type: exactly the limit passes, one byte more does not.
  const std::string detail = R"({"a":")" + std::string(1024 * 1024 - 11 - 8, 'x') + R"("})";
  EXPECT_EQ(error_of(server.call(m::kPutEvents, events_request({entry(detail)}))), "");
  auto larger = entry(detail);
  larger.resources = {"r"};
  EXPECT_EQ(error_of(server.call(m::kPutEvents, events_request({larger}))),
            "ValidationException: Total size of the entries in the request is over the limit.");
  auto elsewhere = events_request({entry()});
  elsewhere.endpoint_id = "abcde.veo";
  EXPECT_TRUE(error_of(server.call(m::kPutEvents, elsewhere)).starts_with("ValidationException: EndpointId"));
}

TEST(PutEvents, DropsEventsForABusThatDoesNotExist) {
  TestServer server;
  const auto put = server.call(m::kPutEvents, events_request({entry("{}", "nobody")}));
  ASSERT_EQ(error_of(put), "");
  EXPECT_EQ(put->failed_entry_count, 0);
}

TEST(PutEvents, DeliversForEveryRuleAndTarget) {
  TestServer server;
  put_rule_to(server, "one", R"({"source":["my.app"]})", target("t"));
  put_rule_to(server, "two", R"({"detail-type":[{"prefix":"Th"}]})", target("t"));
  auto second = target("u");
  second.input = R"({"other":1})";
  ASSERT_EQ(error_of(server.call(m::kPutTargets, targets_request("two", {second, target("v", kQueue + "-2")}))), "");
  ASSERT_EQ(error_of(server.call(m::kPutEvents, events_request({entry(), entry()}))), "");
  EXPECT_EQ(server.kept().size(), 6U);
  EXPECT_EQ(server.kept(kQueue + "-2").size(), 2U);
  EXPECT_EQ(server.counts.committed, 2);  // one append a target ARN
}

TEST(PutEvents, ATargetThatIsGoneDoesNotFailTheCall) {
  TestServer server;
  put_rule_to(server, "one", R"({"source":["my.app"]})", target("t"));
  put_rule_to(server, "two", R"({"source":["my.app"]})", target("t", "arn:aws:sqs:us-east-1:123456789012:gone"));
  ASSERT_EQ(error_of(server.call(m::kPutEvents, events_request({entry()}))), "");
  EXPECT_EQ(server.kept().size(), 1U);
  EXPECT_NE(server.metrics.expose().find("signalbox_events_dropped_total 1"), std::string::npos);
}

TEST(PutEvents, SendsWhatATargetCannotTakeToItsDeadLetterQueue) {
  TestServer server;
  const std::string dead = "arn:aws:sqs:us-east-1:123456789012:dead";
  const std::string gone = "arn:aws:sqs:us-east-1:123456789012:gone";
  auto lost = target("t", gone);
  lost.input = R"({"made":1})";
  put_rule_to(server, "without", R"({"source":["my.app"]})", lost);
  lost.dead_letter_config.emplace().arn = dead;
  lost.retry_policy.emplace().maximum_retry_attempts = 3;
  put_rule_to(server, "with", R"({"source":["my.app"]})", lost);
  put_rule_to(server, "fine", R"({"source":["my.app"]})", target("t"));
  server.restart();
  ASSERT_EQ(error_of(server.call(m::kPutEvents, events_request({entry()}))), "");
  ASSERT_EQ(server.kept().size(), 1U);
  EXPECT_EQ(server.kept(dead),
            std::vector<std::string>{server.kept().front() +
                                     "|RULE_ARN=arn:aws:events:us-east-1:123456789012:rule/with|TARGET_ARN=" + gone +
                                     "|ERROR_CODE=NO_RESOURCE|ERROR_MESSAGE=The queue is gone."});
  EXPECT_NE(server.metrics.expose().find("signalbox_events_dead_lettered_total 1"), std::string::npos);
  EXPECT_NE(server.metrics.expose().find("signalbox_events_dropped_total 1"), std::string::npos);
  m::ListTargetsByRuleRequest list;
  list.rule = "with";
  const auto targets = server.call(m::kListTargetsByRule, list);
  ASSERT_EQ(error_of(targets), "");
  EXPECT_EQ(targets->targets->front().dead_letter_config->arn, dead);
  EXPECT_EQ(targets->targets->front().retry_policy->maximum_retry_attempts, 3);
  EXPECT_FALSE(targets->targets->front().retry_policy->maximum_event_age_in_seconds);
}

TEST(PutEvents, DropsADeadLetterWhoseQueueIsGoneToo) {
  TestServer server;
  auto lost = target("t", "arn:aws:sqs:us-east-1:123456789012:gone");
  lost.dead_letter_config.emplace().arn = lost.arn;
  put_rule_to(server, "r", R"({"source":["my.app"]})", lost);
  ASSERT_EQ(error_of(server.call(m::kPutEvents, events_request({entry()}))), "");
  EXPECT_NE(server.metrics.expose().find("signalbox_events_dropped_total 1"), std::string::npos);
}

TEST(PutEvents, PassesTheGroupTheTraceHeaderAndTheMadeInput) {
  TestServer server;
  auto fifo = target("t", kQueue + ".fifo");
  EXPECT_EQ(error_of(server.call(m::kPutRule, rule_request("r"))), "");
  EXPECT_EQ(error_of(server.call(m::kPutTargets, targets_request("r", {fifo}))),
            "ValidationException: Parameter(s) SqsParameters must be specified.");
  fifo.sqs_parameters.emplace().message_group_id = "|group";
  fifo.input_transformer.emplace().input_paths_map.emplace()["a"] = "$.detail.a";
  fifo.input_transformer->input_template = R"({"rule":<aws.events.rule-arn>,"a":<a>})";
  ASSERT_EQ(error_of(server.call(m::kPutTargets, targets_request("r", {fifo}))), "");
  auto traced = entry(R"({"a":[1,2]})");
  traced.trace_header = "|Root=1";
  ASSERT_EQ(error_of(server.call(m::kPutEvents, events_request({traced}))), "");
  EXPECT_EQ(
      server.kept(kQueue + ".fifo"),
      std::vector<std::string>{R"({"rule":"arn:aws:events:us-east-1:123456789012:rule/r","a":[1,2]}|group|Root=1)"});
}

TEST(PutEvents, KeepsAccountsAndRegionsApart) {
  TestServer server;
  put_rule_to(server, "r", R"({"source":["my.app"]})", target("t"));
  for (const cloud::Scope& other : {cloud::Scope{"999999999999", "us-east-1"}, {"123456789012", "eu-west-1"}}) {
    ASSERT_EQ(error_of(server.call(m::kPutEvents, events_request({entry()}), other)), "");
    EXPECT_EQ(server.kept().size(), 0U);
    EXPECT_EQ(server.call(m::kListRules, m::ListRulesRequest{}, other)->rules->size(), 0U);
    EXPECT_EQ(error_of(server.call(m::kPutRule, rule_request("r"), other)), "");
    EXPECT_TRUE(error_of(server.call(m::kPutTargets, targets_request("r", {target("t")}), other))
                    .starts_with("ValidationException: A target in another account or Region is not supported yet"));
  }
}

TEST(PutEvents, FollowsTheRulesOfTheMoment) {
  TestServer server;
  put_rule_to(server, "r", R"({"source":["my.app"]})", target("t"));
  const auto delivered = [&] {
    const auto before = server.kept().size();
    EXPECT_EQ(error_of(server.call(m::kPutEvents, events_request({entry()}))), "");
    return server.kept().size() - before;
  };
  EXPECT_EQ(delivered(), 1U);
  m::DisableRuleRequest disable;
  disable.name = "r";
  ASSERT_EQ(error_of(server.call(m::kDisableRule, disable)), "");
  EXPECT_EQ(delivered(), 0U);
  m::EnableRuleRequest enable;
  enable.name = "r";
  ASSERT_EQ(error_of(server.call(m::kEnableRule, enable)), "");
  EXPECT_EQ(delivered(), 1U);
  server.restart();
  EXPECT_EQ(delivered(), 1U);
  ASSERT_EQ(error_of(server.call(m::kPutRule, rule_request("r", R"({"source":["else"]})"))), "");
  EXPECT_EQ(delivered(), 0U);
  ASSERT_EQ(error_of(server.call(m::kPutRule, rule_request("r"))), "");
  EXPECT_EQ(delivered(), 1U);  // the targets stayed
  m::RemoveTargetsRequest remove;
  remove.rule = "r";
  remove.ids = {"t"};
  ASSERT_EQ(error_of(server.call(m::kRemoveTargets, remove)), "");
  EXPECT_EQ(delivered(), 0U);
}

TEST(TestEventPattern, Tells) {
  TestServer server;
  const auto tested = [&server](std::string pattern, std::string event) {
    m::TestEventPatternRequest request;
    request.event_pattern = std::move(pattern);
    request.event = std::move(event);
    return server.call(m::kTestEventPattern, request);
  };
  const std::string event =
      R"({"id":"1","account":"1","source":"a","time":"t","region":"r","resources":[],"detail-type":"d"})";
  EXPECT_EQ(tested(R"({"source":["a"]})", event)->result, true);
  EXPECT_EQ(tested(R"({"source":["b"]})", event)->result, false);
  const std::string bare = R"({"id":"1","account":"1","source":"a","time":"t","region":"r","detail-type":"d"})";
  EXPECT_EQ(tested(R"({"source":["a"]})", bare)->result, true) << "resources need not be there";
  EXPECT_EQ(error_of(tested(R"({"source":["b"]})", "[]")),
            "ValidationException: Parameter Event is not valid. Reason: Event is not a JSON object.");
  EXPECT_EQ(error_of(tested(R"({"source":["b"]})", R"({"id":"1"})")),
            "ValidationException: Parameter Event is not valid. Reason: account is a required field.");
  EXPECT_TRUE(error_of(tested("[]", event)).starts_with("InvalidEventPatternException: "));
}

}  // namespace
}  // namespace signalbox::events
