// Encryption as queues tell it: one kind at a time.

#include <gtest/gtest.h>

#include "services/sqs/test_server.h"

namespace signalbox::sqs {
namespace {

/// "managed key reuse", "-" for what is not told.
std::string told(TestServer& server, const std::string& url) {
  const Attributes all = server.attributes(url);
  std::string text;
  for (const char* name : {"SqsManagedSseEnabled", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"}) {
    const auto found = all.find(name);
    text += (text.empty() ? "" : " ") + (found == all.end() ? "-" : found->second);
  }
  return text;
}

TEST(Encryption, OneKindTakesThePlaceOfTheOther) {
  TestServer server;
  EXPECT_EQ(told(server, server.create("plain")), "true - -");
  const std::string url = server.create("q", {{"KmsMasterKeyId", "alias/aws/sqs"}});
  EXPECT_EQ(told(server, url), "false alias/aws/sqs 300");
  EXPECT_EQ(error_of(server.set(url, {{"KmsDataKeyReusePeriodSeconds", "60"}})), "");
  server.restart();
  EXPECT_EQ(told(server, url), "false alias/aws/sqs 60");
  EXPECT_EQ(error_of(server.set(url, {{"SqsManagedSseEnabled", "True"}})), "");
  EXPECT_EQ(told(server, url), "true - -");
  EXPECT_EQ(error_of(server.set(url, {{"KmsMasterKeyId", "alias/x"}})), "");
  EXPECT_EQ(error_of(server.set(url, {{"KmsMasterKeyId", ""}})), "");
  EXPECT_EQ(told(server, url), "false - -");
}

TEST(Encryption, MessagesOfAQueueWithAKeyAreSealedInTheStore) {
  TestServer server;
  const std::string url = server.create("q", {{"KmsMasterKeyId", "alias/aws/sqs"}});
  ASSERT_TRUE(server.send(url, "not to be seen"));
  std::string stored;
  const store::Key all(kMessageSpace);
  ASSERT_TRUE(server.store().read()->scan(all, all.end(), [&](std::string_view, std::string_view value) {
    stored = value;
    return true;
  }));
  EXPECT_FALSE(stored.empty());
  EXPECT_EQ(stored.find("not to be seen"), std::string::npos);
  server.restart();
  // What is here already is read, whatever the queue's key is now.
  EXPECT_EQ(error_of(server.set(url, {{"KmsMasterKeyId", ""}})), "");
  EXPECT_EQ(server.bodies(url), std::vector<std::string>{"not to be seen"});
}

TEST(Encryption, BothKindsAtOnceAreRefused) {
  TestServer server;
  const std::string url = server.create("q");
  EXPECT_EQ(error_of(server.set(url, {{"KmsMasterKeyId", "alias/aws/sqs"}, {"SqsManagedSseEnabled", "true"}})),
            "InvalidAttributeName: You can use one type of server-side encryption (SSE) at one time. You can either "
            "enable KMS SSE or SQS SSE.");
  EXPECT_EQ(told(server, url), "true - -");
}

TEST(Queues, TellPoliciesWithoutWhatIsNull) {
  TestServer server;
  const std::string url = server.create("q");
  EXPECT_EQ(error_of(server.set(
                url, {{"RedriveAllowPolicy", R"({"sourceQueueArns": null, "redrivePermission": "denyAll"})"}})),
            "");
  EXPECT_EQ(server.attributes(url)["RedriveAllowPolicy"], R"({"redrivePermission":"denyAll"})");
  EXPECT_EQ(error_of(server.set(url, {{"RedriveAllowPolicy", ""}})), "");
  EXPECT_EQ(server.attributes(url).count("RedriveAllowPolicy"), 0U);
}

TEST(Queues, StayOfTheirType) {
  TestServer server;
  const std::string fifo = server.create("q.fifo");
  EXPECT_EQ(error_of(server.set(fifo, {{"FifoQueue", "true"}})), "");
  EXPECT_EQ(error_of(server.set(fifo, {{"FifoQueue", "false"}})),
            "InvalidAttributeValue: Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not "
            "supported.");
  const std::string standard = server.create("q");
  EXPECT_EQ(error_of(server.set(standard, {{"FifoThroughputLimit", "perQueue"}})),
            "InvalidAttributeName: You can specify the FifoThroughputLimit only when FifoQueue is set to true.");
}

}  // namespace
}  // namespace signalbox::sqs
