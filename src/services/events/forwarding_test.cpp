// Events that rules send from bus to bus.
#include <gmock/gmock.h>

#include "services/events/bus_access.h"
#include "services/events/names.h"
#include "services/events/test_server.h"

namespace signalbox::events {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

const cloud::Scope kOtherAccount{"999999999999", "us-east-1"};
const cloud::Scope kOtherRegion{"123456789012", "eu-west-1"};

std::string bus_arn(const cloud::Scope& scope, const std::string& name) {
  return BusId{scope, name}.arn();
}

void make_bus(TestServer& server, const cloud::Scope& scope, const std::string& name) {
  m::CreateEventBusRequest request;
  request.name = name;
  ASSERT_EQ(error_of(server.call(m::kCreateEventBus, request, scope)), "");
}

/// A rule of `bus` on source my.app with one target.
std::string put_rule(TestServer& server, const cloud::Scope& scope, const std::string& bus, const std::string& name,
                     m::Target to) {
  const auto put = server.call(m::kPutRule, rule_request(name, R"({"source":["my.app"]})", bus), scope);
  if (!put) return error_of(put);
  return error_of(server.call(m::kPutTargets, targets_request(name, {std::move(to)}, bus), scope));
}

m::Target with_dead_letters(std::string arn) {
  auto made = target("t", std::move(arn));
  made.dead_letter_config.emplace().arn = kQueue + "-dead";
  return made;
}

TEST(Forwarding, GoesToOneOtherBusInTheSameCommit) {
  TestServer server;
  for (const char* name : {"a", "b"}) make_bus(server, kHere, name);
  ASSERT_EQ(put_rule(server, kHere, "default", "to-a", with_dead_letters(bus_arn(kHere, "a"))), "");
  ASSERT_EQ(put_rule(server, kHere, "a", "to-queue", target("t")), "");
  ASSERT_EQ(put_rule(server, kHere, "a", "to-b", with_dead_letters(bus_arn(kHere, "b"))), "");
  ASSERT_EQ(put_rule(server, kHere, "b", "to-queue", target("t", kQueue + "-b")), "");
  server.restart();
  ASSERT_EQ(error_of(server.call(m::kPutEvents, events_request({entry()}))), "");
  EXPECT_THAT(server.kept(), SizeIs(1));
  EXPECT_THAT(server.kept(kQueue + "-b"), SizeIs(0));
  const auto dead = server.kept(kQueue + "-dead");
  ASSERT_THAT(dead, SizeIs(1));
  EXPECT_THAT(dead.front(),
              HasSubstr(server.kept().front() + "|RULE_ARN=arn:aws:events:us-east-1:123456789012:rule/a/to-b"));
  EXPECT_THAT(dead.front(), HasSubstr("|ERROR_CODE=THIRD_ACCOUNT_HOP_DETECTED|"));
}

TEST(Forwarding, DoesNotGoRound) {
  TestServer server;
  make_bus(server, kHere, "a");
  ASSERT_EQ(put_rule(server, kHere, "default", "there", target("t", bus_arn(kHere, "a"))), "");
  ASSERT_EQ(put_rule(server, kHere, "a", "back", target("t", bus_arn(kHere, "default"))), "");
  ASSERT_EQ(put_rule(server, kHere, "default", "seen", target("t")), "");
  ASSERT_EQ(error_of(server.call(m::kPutEvents, events_request({entry()}))), "");
  EXPECT_THAT(server.kept(), SizeIs(1));
}

TEST(Forwarding, CrossesRegionsAndThenAccountsWherePoliciesAllow) {
  TestServer server;
  ASSERT_EQ(put_rule(server, kHere, "default", "abroad", target("t", bus_arn(kOtherRegion, "default"))), "");
  const cloud::Scope third{"999999999999", "eu-west-1"};
  ASSERT_EQ(put_rule(server, kOtherRegion, "default", "on", with_dead_letters(bus_arn(third, "default"))),
            "ValidationException: A DeadLetterConfig in another account or Region is not supported yet (target t: " +
                kQueue + "-dead).");
  auto on = target("t", bus_arn(third, "default"));
  on.dead_letter_config.emplace().arn = "arn:aws:sqs:eu-west-1:123456789012:dead";
  ASSERT_EQ(put_rule(server, kOtherRegion, "default", "on", on), "");
  const std::string queue = "arn:aws:sqs:eu-west-1:999999999999:q";
  ASSERT_EQ(put_rule(server, third, "default", "in", target("t", queue)), "");

  ASSERT_EQ(error_of(server.call(m::kPutEvents, events_request({entry()}))), "");
  EXPECT_THAT(server.kept(queue), SizeIs(0));
  const auto dead = server.kept("arn:aws:sqs:eu-west-1:123456789012:dead");
  ASSERT_THAT(dead, SizeIs(1));
  EXPECT_THAT(dead.front(), HasSubstr("|ERROR_CODE=NO_PERMISSIONS|"));

  m::PutPermissionRequest permission;
  permission.action = "events:PutEvents";
  permission.principal = kHere.account;
  permission.statement_id = "s";
  ASSERT_EQ(error_of(server.call(m::kPutPermission, permission, third)), "");
  ASSERT_EQ(error_of(server.call(m::kPutEvents, events_request({entry()}))), "");
  ASSERT_THAT(server.kept(queue), SizeIs(1));
  EXPECT_THAT(server.kept(queue).front(), HasSubstr(R"("account":"123456789012")"));
}

TEST(Forwarding, PutEventsReachesABusOfAnotherAccountThatAllowsIt) {
  TestServer server;
  make_bus(server, kOtherAccount, "shared");
  const std::string queue = "arn:aws:sqs:us-east-1:999999999999:q";
  ASSERT_EQ(put_rule(server, kOtherAccount, "shared", "in", target("t", queue)), "");
  const auto request = events_request({entry("{}", bus_arn(kOtherAccount, "shared"))});
  EXPECT_EQ(server.call(m::kPutEvents, request)->entries->front().error_code, "AccessDeniedException");
  m::PutPermissionRequest permission;
  permission.action = "events:PutEvents";
  permission.principal = "*";
  permission.statement_id = "s";
  permission.event_bus_name = "shared";
  ASSERT_EQ(error_of(server.call(m::kPutPermission, permission, kOtherAccount)), "");
  EXPECT_EQ(server.call(m::kPutEvents, request)->failed_entry_count, 0);
  EXPECT_THAT(server.kept(queue), SizeIs(1));
}

TEST(Forwarding, OfABusThatIsGoneIsADeadLetter) {
  TestServer server;
  make_bus(server, kHere, "a");
  ASSERT_EQ(put_rule(server, kHere, "default", "to-a", with_dead_letters(bus_arn(kHere, "a"))), "");
  m::DeleteEventBusRequest remove;
  remove.name = "a";
  ASSERT_EQ(error_of(server.call(m::kDeleteEventBus, remove)), "");
  ASSERT_EQ(error_of(server.call(m::kPutEvents, events_request({entry()}))), "");
  ASSERT_THAT(server.kept(kQueue + "-dead"), SizeIs(1));
  EXPECT_THAT(server.kept(kQueue + "-dead").front(), HasSubstr("|ERROR_CODE=NO_RESOURCE|"));
}

TEST(Forwarding, RefusesTargetsThatMakeNoSense) {
  TestServer server;
  make_bus(server, kHere, "a");
  auto made = target("t", bus_arn(kHere, "a"));
  EXPECT_EQ(put_rule(server, kHere, "a", "self", made),
            "ValidationException: Target t is the event bus of the rule itself.");
  made.input = "{}";
  EXPECT_EQ(put_rule(server, kHere, "default", "r", made),
            "ValidationException: Modifying the input for target t is not supported.");
  made.input.reset();
  made.sqs_parameters.emplace().message_group_id = "g";
  EXPECT_EQ(put_rule(server, kHere, "default", "r", made),
            "ValidationException: Parameter(s) SqsParameters not supported for target: t.");
}

struct PolicyCase {
  const char* about;
  const char* statement;
  bool allows;
};

TEST(BusAccess, IsWhatThePolicySays) {
  const PolicyCase cases[] = {
      {"the account",
       R"({"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"events:PutEvents","Resource":"*"})", true},
      {"its root",
       R"({"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:root"]},"Action":["events:*"],"Resource":"*"})",
       true},
      {"its role",
       R"({"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/r"},"Action":"*","Resource":"*"})",
       true},
      {"its role, saved",
       R"({"Effect":"Allow","Principal":{"AWS":"AROAEXAMPLEEXAMPLE123"},"Action":"*","Resource":"*"})", true},
      {"another role of its name",
       R"({"Effect":"Allow","Principal":{"AWS":"AROAEXAMPLEEXAMPLE124"},"Action":"*","Resource":"*"})", false},
      {"another role",
       R"({"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/s"},"Action":"*","Resource":"*"})",
       false},
      {"another account", R"({"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"*","Resource":"*"})",
       false},
      {"another action", R"({"Effect":"Allow","Principal":"*","Action":"events:PutRule","Resource":"*"})", false},
      {"another bus",
       R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:events:us-east-1:999999999999:event-bus/c"})",
       false},
      {"no effect", R"({"Principal":"*","Action":"*","Resource":"*"})", false},
      {"its source",
       R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"events:source":["x","my.app"]}}})",
       true},
      {"another source",
       R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"events:source":"x"}}})",
       false},
      {"like its type",
       R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringLike":{"events:detail-type":"Th*g"}}})",
       true},
      {"from a rule",
       R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"Bool":{"events:eventBusInvocation":"true"}}})",
       true},
      {"an organisation",
       R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}})",
       false},
      {"denied",
       R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"StringLike":{"events:source":"my.*"}}})",
       false},
      {"denied on what is unknown",
       R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}})",
       false},
      {"nonsense", R"(7,null,"x",{"Principal":7})", false},
  };
  for (const PolicyCase& c : cases) {
    SCOPED_TRACE(c.about);
    const std::string policy = std::string(R"({"Statement":[)") + c.statement + "]}";
    // A policy that is not a good one allows nothing (Bus::policy is null).
    const auto document = policy::Document::parse(policy, policy::DocumentKind::kResource);
    EXPECT_EQ(
        document && policy_allows(*document, {"arn:aws:events:us-east-1:999999999999:event-bus/b", "999999999999",
                                              "123456789012", "arn:aws:iam::123456789012:role/r",
                                              "AROAEXAMPLEEXAMPLE123", "arn:aws:events:us-east-1:123456789012:rule/r",
                                              R"({"source":"my.app","detail-type":"Thing"})"}),
        c.allows);
  }
}

TEST(BusAccess, DoesNotBelieveInRolesOfOtherAccounts) {
  const auto document = policy::Document::parse(
      R"({"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:role/r"},"Action":"events:*",)"
      R"("Resource":"*"}})",
      policy::DocumentKind::kResource);
  ASSERT_TRUE(document);
  const std::string bus = "arn:aws:events:us-east-1:999999999999:event-bus/b";
  const std::string role = "arn:aws:iam::222222222222:role/r";
  EXPECT_TRUE(policy_allows(*document, {bus, "999999999999", "222222222222", role, "", "", "{}"}));
  EXPECT_FALSE(policy_allows(*document, {bus, "999999999999", "123456789012", role, "", "", "{}"}));
}

}  // namespace
}  // namespace signalbox::events
