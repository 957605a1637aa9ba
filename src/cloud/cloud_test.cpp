// ARNs, page tokens, identity, shards, waits, the door.
#include <gtest/gtest.h>

#include <boost/asio/use_future.hpp>

#include "base/log.h"
#include "base/random.h"
#include "cloud/door.h"
#include "cloud/gateway.h"
#include "cloud/identity.h"
#include "cloud/paging.h"
#include "cloud/shards.h"
#include "cloud/wait.h"
#include "models/sqs.h"

namespace signalbox::cloud {
namespace {

TEST(Arn, ReadsAndWrites) {
  const auto arn = Arn::parse("arn:aws-cn:events:cn-north-1:123456789012:rule/bus/name:x");
  ASSERT_TRUE(arn);
  EXPECT_EQ(arn->resource, "rule/bus/name:x");
  EXPECT_EQ(arn->text(), "arn:aws-cn:events:cn-north-1:123456789012:rule/bus/name:x");
  for (const char* bad : {"", "arn", "arn:aws:sqs:r:a", "x:aws:sqs:r:a:q"}) EXPECT_FALSE(Arn::parse(bad)) << bad;
  EXPECT_EQ(make_arn("sqs", {"123456789012", "us-gov-west-1"}, "q"), "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:q");
  EXPECT_TRUE(is_account_id("000000000000"));
  for (const char* bad : {"", "00000000000", "0000000000000", "00000000000a"}) EXPECT_FALSE(is_account_id(bad)) << bad;
}

TEST(PageToken, BelongsToItsListing) {
  const std::string token = make_page_token("rules", "last\n");
  EXPECT_EQ(read_page_token("rules", token), "last\n");
  EXPECT_FALSE(read_page_token("queues", token));
  for (const char* bad : {"", "rubbish", "AAAA"}) EXPECT_FALSE(read_page_token("rules", bad)) << bad;
}

http::Request signed_by(std::string_view authorization, std::string_view target = "/") {
  http::Request request;
  request.method = "POST";
  request.target = target;
  if (!authorization.empty()) request.headers = {{"Authorization", authorization}};
  return request;
}

TEST(Identity, InOpenModeIsWhatTheRequestClaims) {
  const VirtualClock clock{Time()};
  const Identification open(AuthMode::kOpen, {}, clock);
  struct {
    const char* authorization;
    const char* target;
    Scope expected;
  } cases[] = {
      {"", "/", {kDefaultAccount, kDefaultRegion}},
      {"AWS4-HMAC-SHA256 Credential=123456789012/20170428/eu-west-1/sqs/aws4_request",
       "/",
       {"123456789012", "eu-west-1"}},
      {"AWS4-HMAC-SHA256 Credential=AKIAX/20170428/eu-west-1/sqs/aws4_request", "/", {kDefaultAccount, "eu-west-1"}},
      {"AWS4-HMAC-SHA256 Credential=1234567890123/20170428/r/sqs/aws4_request", "/", {kDefaultAccount, "r"}},
      {"",
       "/?X-Amz-Credential=123456789012%2F20170428%2Feu-west-1%2Fsqs%2Faws4_request",
       {"123456789012", "eu-west-1"}},
      {"Basic abc", "/", {kDefaultAccount, kDefaultRegion}},
  };
  for (const auto& c : cases) {
    const auto identity = open.identify(signed_by(c.authorization, c.target));
    ASSERT_TRUE(identity) << c.authorization;
    EXPECT_EQ(identity->scope, c.expected) << c.authorization;
    EXPECT_EQ(identity->principal.arn, "arn:aws:iam::" + c.expected.account + ":root");
  }
}

TEST(Identity, InVerifyModeNeedsASignatureOfAKnownKey) {
  const VirtualClock clock{Time()};
  const Identification verify(AuthMode::kVerify, {{"KNOWN", {"secret", "123456789012"}}}, clock);
  struct {
    const char* authorization;
    const char* code;
  } cases[] = {
      {"", "MissingAuthenticationToken"},
      {"AWS4-HMAC-SHA256 Credential=KNOWN", "IncompleteSignature"},
  };
  for (const auto& c : cases) EXPECT_EQ(verify.identify(signed_by(c.authorization)).error().code, c.code);
  http::Request unknown =
      signed_by("AWS4-HMAC-SHA256 Credential=WHO/20170428/r/sqs/aws4_request, SignedHeaders=host, Signature=0");
  unknown.headers.emplace_back("X-Amz-Date", "20170428T175640Z");
  EXPECT_EQ(verify.identify(unknown).error().code, "InvalidClientTokenId");
  EXPECT_EQ(verify.identify(unknown).error().http_status, 403);
}

TEST(Shards, OwnersStayAndWorkHopsThereAndBack) {
  const SystemClock clock;
  QuietLog log;
  Shards shards(4, clock, log);
  shards.start();
  std::set<std::size_t> owners;
  for (int i = 0; i < 100; ++i) {
    const std::string arn = "arn:" + std::to_string(i);
    Shard& owner = shards.owner(arn);
    EXPECT_EQ(&owner, &shards.owner(arn));
    owners.insert(owner.index());
  }
  EXPECT_EQ(owners.size(), 4U);
  const auto travel = [&]() -> asio::awaitable<bool> {
    bool right = true;
    for (std::size_t i = 0; i < shards.count(); ++i) {
      const std::size_t there = co_await on(shards.at(i), [&]() -> asio::awaitable<std::size_t> {
        right = right && shards.at(i).is_current();
        co_return i;
      });
      right = right && there == i && shards.at(0).is_current();
    }
    co_return right;
  };
  EXPECT_TRUE(asio::co_spawn(shards.at(0).loop(), travel(), asio::use_future).get());
  shards.stop();
}

TEST(Wait, EndsAtItsTimeOrWhenWoken) {
  VirtualClock clock{Time(Duration(1000))};
  QuietLog log;
  Shards shards(1, clock, log);
  shards.start();
  Shard& shard = shards.at(0);
  auto wait = std::make_shared<Wait>(shard);
  const auto until = [&](int millis) {
    return asio::co_spawn(
        shard.loop(), [wait, millis]() -> asio::awaitable<void> { co_await wait->until(Time(Duration(millis))); },
        asio::use_future);
  };
  auto timed = until(2000);
  clock.set(Time(Duration(2000)));
  shards.clock_moved();
  timed.get();
  auto woken = until(99'000);
  shard.post([wait] { wait->wake(); });
  woken.get();
  shard.post([wait] { wait->wake(); });
  until(99'000).get();  // a wake that came before the wait ends it
  shards.stop();
}

class NoConnection final : public http::Connection {
 public:
  void watch(std::function<void()>) override {}
  void unwatch() override {}
};

namespace sqs = models::sqs;

TEST(Door, InProcessAndHttpCallsEnterTheSameWay) {
  const SystemClock clock;
  Metrics metrics;
  QuietLog log;
  Door door(metrics, log);
  door.add_service(sqs::kService);
  std::vector<std::string> seen;
  door.handle(
      sqs::kGetQueueUrl,
      [&seen](const Call& call, sqs::GetQueueUrlRequest request) -> asio::awaitable<Result<sqs::GetQueueUrlResult>> {
        seen.push_back(call.scope.account + " " + call.scope.region + " " + *request.queue_name);
        if (*request.queue_name == "missing") co_return fail("QueueDoesNotExist", "No.");
        sqs::GetQueueUrlResult result;
        result.queue_url = call.endpoint + "/q";
        co_return result;
      });
  Shards shards(1, clock, log);
  shards.start();

  Call call;
  call.scope = {"111111111111", "r"};
  call.endpoint = "inside";
  sqs::GetQueueUrlRequest request;
  request.queue_name = "q";
  auto inside =
      asio::co_spawn(shards.at(0).loop(), door.call(call, sqs::kGetQueueUrl, request), asio::use_future).get();
  ASSERT_TRUE(inside);
  EXPECT_EQ(inside->queue_url, "inside/q");

  const Identification identification(AuthMode::kOpen, {}, clock);
  SystemRandom random;
  Gateway gateway(door, identification, random, log);
  NoConnection connection;
  const auto over_http = [&](std::string_view target, std::string_view body) {
    http::Request sent;
    sent.method = "POST";
    sent.target = "/";
    sent.headers = {{"Host", "h:1"},
                    {"X-Amz-Target", target},
                    {"Authorization", "AWS4-HMAC-SHA256 Credential=222222222222/20170428/s/sqs/aws4_request"}};
    sent.body = body;
    return asio::co_spawn(shards.at(0).loop(), gateway.answer(sent, connection), asio::use_future).get();
  };
  EXPECT_EQ(over_http("AmazonSQS.GetQueueUrl", R"({"QueueName":"q"})").body, R"({"QueueUrl":"http://h:1/q"})");
  EXPECT_EQ(over_http("AmazonSQS.GetQueueUrl", R"({"QueueName":"missing"})").status, 400);
  const auto unknown = over_http("AmazonSQS.CreateQueue", R"({"QueueName":"q"})");
  EXPECT_EQ(unknown.status, 501);
  EXPECT_NE(unknown.body.find("Signalbox does not implement sqs:CreateQueue yet."), std::string::npos) << unknown.body;
  EXPECT_EQ(seen, (std::vector<std::string>{"111111111111 r q", "222222222222 s q", "222222222222 s missing"}));
  const std::string labels = R"({service="sqs",operation="GetQueueUrl"} )";
  EXPECT_NE(metrics.expose().find("signalbox_requests_total" + labels + "3\n"), std::string::npos);
  EXPECT_NE(metrics.expose().find("signalbox_request_errors_total" + labels + "1\n"), std::string::npos);
  shards.stop();
}

}  // namespace
}  // namespace signalbox::cloud
