#include "services/events/own_events.h"

#include "services/events/test_server.h"

namespace signalbox::events {
namespace {

std::vector<cloud::ServiceEvent> alarm_event(cloud::Scope scope = kHere) {
  return {{std::move(scope),
           "aws.cloudwatch",
           "CloudWatch Alarm State Change",
           {"arn:1", "arn:2"},
           R"({"alarmName":"a"})",
           {}}};
}

std::vector<cloud::ServiceEvent> api_call() {
  auto event = alarm_event();
  event.front().detail_type = "AWS API Call via CloudTrail";
  return event;
}

void put_rule(TestServer& server) {
  ASSERT_EQ(error_of(server.call(m::kPutRule, rule_request("alarms", R"({"source":["aws.cloudwatch"]})"))), "");
  ASSERT_EQ(error_of(server.call(m::kPutTargets, targets_request("alarms", {target("t")}))), "");
}

/// Runs `work(service_events)` on a shard and waits for it.
template <class Work>
void run(TestServer& server, Work work) {
  auto& house = server.house();
  asio::co_spawn(house.shards.at(0).loop(), work(house.service_events), asio::use_future).get();
}

TEST(OwnEvents, ReachTheTargetsInTheCallersCommit) {
  TestServer server;
  EXPECT_FALSE(server.house().service_events.wanted(kHere));
  put_rule(server);
  EXPECT_TRUE(server.house().service_events.wanted(kHere));
  run(server, [&](const cloud::ServiceEvents& events) -> asio::awaitable<void> {
    store::Batch batch;
    batch.put(store::Key("test.own"), "x");
    const auto put = co_await events.put(alarm_event(), std::move(batch));
    EXPECT_EQ(error_of(put), "");
  });
  ASSERT_EQ(server.kept().size(), 1U);
  const std::string event = server.kept().front();
  EXPECT_EQ(event, R"({"version":"0","id":")" + event.substr(event.find(R"("id":")") + 6, 36) +
                       R"(","detail-type":"CloudWatch Alarm State Change","source":"aws.cloudwatch",)"
                       R"("account":"123456789012","time":"2017-04-28T17:56:40Z","region":"us-east-1",)"
                       R"("resources":["arn:1","arn:2"],"detail":{"alarmName":"a"}})");
  EXPECT_EQ(server.store().get(store::Key("test.own"))->value_or(""), "x");
  EXPECT_EQ(server.counts.committed, 1);
}

TEST(OwnEvents, OfCallsThatOnlyReadReachRulesWhoseStateAsksForThem) {
  TestServer server;
  put_rule(server);
  const auto put_call = [&] {
    run(server, [&](const cloud::ServiceEvents& events) -> asio::awaitable<void> {
      auto read = api_call();
      read.front().read_only_call = true;
      EXPECT_EQ(error_of(co_await events.put(std::move(read))), "");
    });
  };
  put_call();
  EXPECT_TRUE(server.kept().empty());
  auto all = rule_request("alarms", R"({"source":["aws.cloudwatch"]})");
  all.state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";
  ASSERT_EQ(error_of(server.call(m::kPutRule, all)), "");
  put_call();
  EXPECT_EQ(server.kept().size(), 1U);
}

TEST(OwnEvents, OfApiCallsReachRulesThatAskForThem) {
  struct {
    const char* pattern;
    bool asks;
  } cases[] = {
      {R"({"source":["aws.cloudwatch"]})", true},
      {R"({"source":[{"prefix":"aws."}]})", true},
      {R"({"detail-type":[{"wildcard":"AWS API*"}]})", true},
      {R"({"detail-type":["AWS API Call via CloudTrail"],"account":["123456789012"]})", true},
      {R"({"detail":{"alarmName":["a"],"eventName":["PutRule",{"exists":false}]}})", true},
      {R"({"account":["123456789012"]})", false},
      {R"({"source":[{"prefix":""}]})", false},
      {R"({"source":[{"wildcard":"*"}]})", false},
      {R"({"source":[{"anything-but":"my.app"}]})", false},
      {R"({"detail-type":[{"exists":true}]})", false},
      {R"({"$or":[{"region":["us-east-1"]},{"account":["1"]}]})", false},
      {R"({"$or":[{"account":["123456789012"]},{"source":["my.app"]}]})", false},
      {R"({"$or":[{"account":["123456789012"]},{"source":["aws.cloudwatch"]}]})", true},
  };
  for (const bool all : {false, true}) {
    for (const auto& c : cases) {
      TestServer server(Options{.api_calls_to_all_rules = all});
      ASSERT_EQ(error_of(server.call(m::kPutRule, rule_request("r", c.pattern))), "");
      ASSERT_EQ(error_of(server.call(m::kPutTargets, targets_request("r", {target("t")}))), "");
      const auto put = [&](std::vector<cloud::ServiceEvent> event) {
        run(server, [&](const cloud::ServiceEvents& events) -> asio::awaitable<void> {
          EXPECT_EQ(error_of(co_await events.put(event)), "");
        });
        return server.kept().size();
      };
      EXPECT_EQ(put(api_call()), all || c.asks ? 1U : 0U) << c.pattern;
    }
  }
}

TEST(OwnEvents, AreTakenBackWithABatchThatIsDropped) {
  TestServer server;
  put_rule(server);
  run(server, [&](const cloud::ServiceEvents& events) -> asio::awaitable<void> {
    store::Batch batch;
    const auto after = co_await events.append(alarm_event(), batch);
    EXPECT_FALSE(batch.empty());
  });
  EXPECT_EQ(server.counts.failed, 1);
  EXPECT_TRUE(server.kept().empty());
}

TEST(OwnEvents, OfAnotherAccountStayThere) {
  TestServer server;
  put_rule(server);
  run(server, [&](const cloud::ServiceEvents& events) -> asio::awaitable<void> {
    const cloud::Scope other{"210987654321", "us-east-1"};
    EXPECT_FALSE(events.wanted(other));
    const auto put = co_await events.put(alarm_event(other));
    EXPECT_EQ(error_of(put), "");
  });
  EXPECT_TRUE(server.kept().empty());
}

}  // namespace
}  // namespace signalbox::events
