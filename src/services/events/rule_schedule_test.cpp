#include "services/events/rule_schedule.h"

#include "services/events/test_server.h"

namespace signalbox::events {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// The tests' clock starts at 2017-04-28T17:56:40Z, a Friday.

m::PutRuleRequest scheduled(std::string expression, std::string name = "tick") {
  m::PutRuleRequest request;
  request.name = std::move(name);
  request.schedule_expression = std::move(expression);
  return request;
}

/// A rule with a target that keeps the time of each event.
void put_schedule(TestServer& server, std::string expression) {
  ASSERT_EQ(error_of(server.call(m::kPutRule, scheduled(std::move(expression)))), "");
  auto to = target("t");
  to.input_path = "$.time";
  ASSERT_EQ(error_of(server.call(m::kPutTargets, targets_request("tick", {to}))), "");
}

/// Moves the clock and returns when what came due on the default bus has acted: a change of the bus takes its turn
/// after it.
void pass(TestServer& server, Duration by) {
  server.advance(by);
  ASSERT_EQ(error_of(server.call(m::kPutRule, rule_request("turn", R"({"source":["nobody"]})"))), "");
}

using Times = std::vector<std::string>;

TEST(RuleSchedule, DeliversTheScheduledEvent) {
  TestServer server;
  ASSERT_EQ(error_of(server.call(m::kPutRule, scheduled("cron(0 18 * * ? *)"))), "");
  ASSERT_EQ(error_of(server.call(m::kPutTargets, targets_request("tick", {target("t")}))), "");
  pass(server, seconds(199));
  EXPECT_EQ(server.kept(), Times{});
  pass(server, seconds(1));
  ASSERT_EQ(server.kept().size(), 1U);
  const std::string event = server.kept().front();
  const std::string id = event.substr(event.find(R"("id":")") + 6, 36);
  EXPECT_EQ(event, R"({"version":"0","id":")" + id +
                       R"(","detail-type":"Scheduled Event","source":"aws.events","account":"123456789012",)"
                       R"("time":"2017-04-28T18:00:00Z","region":"us-east-1",)"
                       R"("resources":["arn:aws:events:us-east-1:123456789012:rule/tick"],"detail":{}})");
  pass(server, hours(23));
  EXPECT_EQ(server.kept().size(), 1U);
  pass(server, hours(1));
  EXPECT_EQ(server.kept().size(), 2U);
}

TEST(RuleSchedule, ARateCountsFromItsRule) {
  TestServer server;
  put_schedule(server, "rate(1 minute)");
  for (int i = 0; i < 2; ++i) pass(server, minutes(1));
  // The same schedule again changes nothing in its count; another one begins anew.
  pass(server, seconds(30));
  ASSERT_EQ(error_of(server.call(m::kPutRule, scheduled("rate(1 minute)"))), "");
  pass(server, seconds(30));
  pass(server, seconds(30));
  ASSERT_EQ(error_of(server.call(m::kPutRule, scheduled("rate(2 minutes)"))), "");
  pass(server, seconds(90));
  pass(server, seconds(30));
  EXPECT_EQ(server.kept(), (Times{R"("2017-04-28T17:57:40Z")", R"("2017-04-28T17:58:40Z")", R"("2017-04-28T17:59:40Z")",
                                  R"("2017-04-28T18:02:10Z")"}));
}

TEST(RuleSchedule, RestsWhileDisabledAndEndsWithItsRule) {
  TestServer server;
  put_schedule(server, "rate(1 minute)");
  m::DisableRuleRequest disable;
  disable.name = "tick";
  ASSERT_EQ(error_of(server.call(m::kDisableRule, disable)), "");
  pass(server, minutes(10));
  server.restart();
  m::EnableRuleRequest enable;
  enable.name = "tick";
  ASSERT_EQ(error_of(server.call(m::kEnableRule, enable)), "");
  pass(server, seconds(1));
  EXPECT_EQ(server.kept(), Times{}) << "what it rested through is not made up for";
  pass(server, minutes(1));
  EXPECT_EQ(server.kept(), Times{R"("2017-04-28T18:07:40Z")"});
  m::RemoveTargetsRequest remove;
  remove.rule = "tick";
  remove.ids = {"t"};
  ASSERT_EQ(error_of(server.call(m::kRemoveTargets, remove)), "");
  m::DeleteRuleRequest gone;
  gone.name = "tick";
  ASSERT_EQ(error_of(server.call(m::kDeleteRule, gone)), "");
  put_schedule(server, "rate(1 hour)");
  pass(server, minutes(59));
  EXPECT_EQ(server.kept().size(), 1U);
  pass(server, minutes(1));
  EXPECT_EQ(server.kept().size(), 2U);
}

TEST(RuleSchedule, NothingTwiceAndTheLastThingMissedOnce) {
  TestServer server;
  put_schedule(server, "rate(5 minutes)");
  pass(server, minutes(5));
  server.restart();
  pass(server, seconds(0));
  EXPECT_EQ(server.kept(), Times{R"("2017-04-28T18:01:40Z")"}) << "nothing twice";
  server.stop_then([&] { server.clock.advance(minutes(17)); });
  pass(server, seconds(0));
  EXPECT_EQ(server.kept(), (Times{R"("2017-04-28T18:01:40Z")", R"("2017-04-28T18:16:40Z")"}));
  pass(server, minutes(3));
  EXPECT_EQ(server.kept().size(), 3U);
}

TEST(RuleSchedule, NothingOlderThanADayIsMadeUpFor) {
  TestServer server;
  put_schedule(server, "cron(0 18 28 * ? *)");
  server.stop_then([&] { server.clock.advance(hours(25)); });
  pass(server, seconds(0));
  EXPECT_EQ(server.kept(), Times{});
}

TEST(RuleSchedule, ActsOnEventsAndByTheClock) {
  TestServer server;
  auto both = scheduled("rate(1 minute)");
  both.event_pattern = R"({"source":["my.app"]})";
  ASSERT_EQ(error_of(server.call(m::kPutRule, both)), "");
  ASSERT_EQ(error_of(server.call(m::kPutTargets, targets_request("tick", {target("t")}))), "");
  ASSERT_EQ(error_of(server.call(m::kPutEvents, events_request({entry()}))), "");
  EXPECT_EQ(server.kept().size(), 1U);
  pass(server, minutes(1));
  EXPECT_EQ(server.kept().size(), 2U);
  m::DescribeRuleRequest describe;
  describe.name = "tick";
  EXPECT_EQ(server.call(m::kDescribeRule, describe)->schedule_expression, "rate(1 minute)");
  EXPECT_EQ(server.call(m::kDescribeRule, describe)->event_pattern, R"({"source":["my.app"]})");
  ASSERT_EQ(error_of(server.call(m::kPutRule, scheduled("rate(1 minute)"))), "");
  ASSERT_EQ(error_of(server.call(m::kPutEvents, events_request({entry()}))), "");
  EXPECT_EQ(server.kept().size(), 2U) << "the pattern is gone";
  EXPECT_FALSE(server.call(m::kDescribeRule, describe)->event_pattern);
}

TEST(RuleSchedule, RefusesAsAwsDoes) {
  TestServer server;
  for (const char* bad : {"rate(1 minutes)", "cron(0 9 * * * *)", "at(2027-01-01T00:00:00)", "soon"}) {
    EXPECT_EQ(error_of(server.call(m::kPutRule, scheduled(bad))),
              "ValidationException: Parameter ScheduleExpression is not valid.")
        << bad;
  }
  m::CreateEventBusRequest bus;
  bus.name = "mine";
  ASSERT_EQ(error_of(server.call(m::kCreateEventBus, bus)), "");
  auto elsewhere = scheduled("rate(1 minute)");
  elsewhere.event_bus_name = "mine";
  EXPECT_EQ(error_of(server.call(m::kPutRule, elsewhere)),
            "ValidationException: ScheduleExpression is supported only on the default event bus.");
}

}  // namespace
}  // namespace signalbox::events
