#include <gtest/gtest.h>

#include "base/time_text.h"
#include "models/events.h"
#include "models/kinesis.h"
#include "models/logs.h"
#include "models/sns.h"
#include "models/sqs.h"
#include "services/cloudtrail/call_kind.h"
#include "services/cloudtrail/history.h"
#include "services/cloudtrail/render.h"
#include "services/cloudtrail/resource.h"
#include "services/cloudtrail/time_words.h"
#include "services/cloudtrail/trail.h"

namespace signalbox::cloudtrail {
namespace {

using namespace models;  // NOLINT(google-build-using-namespace)

template <class In, class Out>
std::string rendered(const wire::OperationOf<In, Out>& operation, const In& input) {
  return render(*operation.operation, *operation.operation->input, &input);
}

template <class Operation>
CallKind kind(const Operation& operation) {
  return kind_of(*operation.operation);
}

TEST(CallKind, IsManagementDataOrNothing) {
  EXPECT_EQ(kind(sqs::kCreateQueue).category, Category::kManagement);
  EXPECT_EQ(kind(sqs::kSendMessage).category, Category::kData);
  EXPECT_EQ(kind(sqs::kSendMessage).data_type, DataType::kSqsQueue);
  EXPECT_EQ(kind(sns::kPublish).data_type, DataType::kSnsTopic);
  EXPECT_EQ(kind(kinesis::kPutRecord).data_type, DataType::kKinesisStream);
  EXPECT_EQ(kind(events::kPutEvents).category, Category::kNone);
  EXPECT_EQ(kind(logs::kPutLogEvents).category, Category::kNone);
  EXPECT_EQ(kind(events::kPutRule).category, Category::kManagement);
}

TEST(CallKind, KnowsWhatOnlyReads) {
  EXPECT_TRUE(kind(events::kDescribeRule).read_only);
  EXPECT_TRUE(kind(events::kListRules).read_only);
  EXPECT_TRUE(kind(events::kTestEventPattern).read_only);
  EXPECT_TRUE(kind(sqs::kReceiveMessage).read_only);
  EXPECT_FALSE(kind(events::kPutRule).read_only);
  EXPECT_FALSE(kind(sqs::kSendMessage).read_only);
  EXPECT_FALSE(kind(sqs::kDeleteQueue).read_only);
}

TEST(Render, NamesBeginSmall) {
  events::PutRuleRequest rule;
  rule.name = "r\"1";
  rule.event_pattern = R"({"source":["a"]})";
  auto& tag = rule.tags.emplace().emplace_back();
  tag.key = "K";
  tag.value = "V";
  EXPECT_EQ(rendered(events::kPutRule, rule),
            R"({"name":"r\"1","eventPattern":"{\"source\":[\"a\"]}","tags":[{"key":"K","value":"V"}]})");
  EXPECT_EQ(rendered(events::kPutRule, events::PutRuleRequest{}), "null");
}

TEST(Render, LeavesSecretsOut) {
  sqs::SendMessageRequest message;
  message.queue_url = "http://localhost/1/q";
  message.message_body = "secret";
  EXPECT_EQ(rendered(sqs::kSendMessage, message),
            R"({"queueUrl":"http://localhost/1/q","messageBody":"HIDDEN_DUE_TO_SECURITY_REASONS"})");
  kinesis::PutRecordInput record;
  record.stream_name = "s";
  record.data = "secret";
  record.partition_key = "p";
  EXPECT_EQ(rendered(kinesis::kPutRecord, record), R"({"streamName":"s","partitionKey":"p"})");
  sns::CreatePlatformApplicationInput application;
  application.attributes.emplace()["PlatformCredential"] = "secret";
  EXPECT_EQ(rendered(sns::kCreatePlatformApplication, application),
            R"({"attributes":{"PlatformCredential":"HIDDEN_DUE_TO_SECURITY_REASONS"}})");
}

TEST(Render, LeavesPasswordsInUrlsOut) {
  const std::pair<std::string, std::string> cases[] = {
      {"https://who:secret@example.com/a@b?c@d", "https://HIDDEN_DUE_TO_SECURITY_REASONS@example.com/a@b?c@d"},
      {"http://who@x:secret@example.com", "http://HIDDEN_DUE_TO_SECURITY_REASONS@example.com"},
      {"https://example.com/a@b", "https://example.com/a@b"},
      {"https://example.com?a@b", "https://example.com?a@b"},
      {"who@example.com", "who@example.com"},
      {"://@", "://HIDDEN_DUE_TO_SECURITY_REASONS@"},
  };
  for (const auto& [endpoint, shown] : cases) {
    sns::SubscribeInput subscription;
    subscription.endpoint = endpoint;
    EXPECT_EQ(rendered(sns::kSubscribe, subscription), "{\"endpoint\":\"" + shown + "\"}");
  }
}

TEST(Render, LeavesOutWhatIsTooMuch) {
  events::PutRuleRequest rule;
  rule.description = std::string(kMaxElements, 'x');
  EXPECT_EQ(rendered(events::kPutRule, rule), "null");
}

TEST(Render, WritesTimesInWords) {
  EXPECT_EQ(in_words(*from_iso8601("2023-11-08T19:59:11Z")), "Nov 8, 2023, 7:59:11 PM");
  EXPECT_EQ(in_words(*from_iso8601("2024-02-29T00:05:09Z")), "Feb 29, 2024, 12:05:09 AM");
  EXPECT_EQ(in_words(*from_iso8601("2024-02-29T12:00:00Z")), "Feb 29, 2024, 12:00:00 PM");
}

TEST(Resources, AreWhatTheRequestNames) {
  cloud::Call call;
  call.scope = {"123456789012", "eu-west-1"};
  const auto first = [&](const auto& operation, const auto& input) {
    const auto found = data_resources(call, kind(operation), *operation.operation, &input);
    return found.empty() ? std::string() : found.front().arn;
  };
  sqs::SendMessageRequest message;
  message.queue_url = "http://localhost:4566/210987654321/q";
  EXPECT_EQ(first(sqs::kSendMessage, message), "arn:aws:sqs:eu-west-1:210987654321:q");
  message.queue_url = "no url";
  EXPECT_EQ(first(sqs::kSendMessage, message), "");
  kinesis::PutRecordInput record;
  record.stream_name = "s";
  EXPECT_EQ(first(kinesis::kPutRecord, record), "arn:aws:kinesis:eu-west-1:123456789012:stream/s");
  events::PutTargetsRequest targets;
  targets.rule = "r";
  targets.event_bus_name = "b";
  const auto named = named_resources(*events::kPutTargets.operation, &targets);
  ASSERT_EQ(named.size(), 2U);
  EXPECT_EQ(named[0].type + "/" + named[0].arn, "AWS::Events::Rule/r");
  EXPECT_EQ(named[1].type + "/" + named[1].arn, "AWS::Events::EventBus/b");
}

TEST(History, EntriesAreReadAsTheyWereWritten) {
  const HistoryEntry entry{"id",  "PutRule",         "events.amazonaws.com",           true, "root",
                           "key", Time(Duration(5)), {{"AWS::Events::Rule", "r", ""}}, "{}"};
  const auto read = store::decode<HistoryEntry>(store::encode(entry));
  ASSERT_TRUE(read);
  EXPECT_EQ(store::encode(*read), store::encode(entry));
  EXPECT_TRUE(matches(*read, {"ResourceName", "r"}));
  EXPECT_TRUE(matches(*read, {"ReadOnly", "true"}));
  EXPECT_FALSE(matches(*read, {"ReadOnly", "false"}));
  EXPECT_FALSE(store::decode<HistoryEntry>(std::string("\x01") + "x"));
}

TEST(TrailName, IsChecked) {
  for (const char* const good : {"abc", "My-trail_1.x", "my-object-level-s3-trail"}) {
    EXPECT_TRUE(check_trail_name(good)) << good;
  }
  for (const char* const bad : {"", "ab", "-abc", "abc-", "a--b", "a._b", "a b c", "192.168.5.4", "a/b/c"}) {
    EXPECT_FALSE(check_trail_name(bad)) << bad;
  }
  EXPECT_FALSE(check_trail_name(std::string(129, 'a')));
}

}  // namespace
}  // namespace signalbox::cloudtrail
