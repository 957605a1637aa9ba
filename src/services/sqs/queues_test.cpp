// Queues, their attributes, tags and permissions.

#include "services/sqs/test_server.h"

namespace signalbox::sqs {
namespace {

using std::chrono::seconds;

Result<model::CreateQueueResult> create(TestServer& server, const std::string& name, Attributes attributes) {
  model::CreateQueueRequest request;
  request.queue_name = name;
  request.attributes = std::move(attributes);
  return server.call(model::kCreateQueue, request);
}

TEST(Queues, AttributesAreBounded) {
  struct {
    const char* name;
    const char* value;
    const char* code;
  } cases[] = {
      {"DelaySeconds", "900", ""},
      {"DelaySeconds", "901", "InvalidAttributeValue"},
      {"DelaySeconds", "-1", "InvalidAttributeValue"},
      {"DelaySeconds", "1.0", "InvalidAttributeValue"},
      {"DelaySeconds", "", "InvalidAttributeValue"},
      {"MaximumMessageSize", "1024", ""},
      {"MaximumMessageSize", "1023", "InvalidAttributeValue"},
      {"MaximumMessageSize", "1048576", ""},
      {"MaximumMessageSize", "1048577", "InvalidAttributeValue"},
      {"MessageRetentionPeriod", "60", ""},
      {"MessageRetentionPeriod", "59", "InvalidAttributeValue"},
      {"MessageRetentionPeriod", "1209601", "InvalidAttributeValue"},
      {"ReceiveMessageWaitTimeSeconds", "21", "InvalidAttributeValue"},
      {"VisibilityTimeout", "43200", ""},
      {"VisibilityTimeout", "43201", "InvalidAttributeValue"},
      {"Policy", R"({"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}})", ""},
      {"Policy", "{}", "InvalidAttributeValue"},
      {"Policy", R"({"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}})", "InvalidAttributeValue"},
      {"Policy", "[]", "InvalidAttributeValue"},
      {"RedrivePolicy", "{}", "InvalidParameterValue"},
      {"RedrivePolicy", R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:none","maxReceiveCount":1})",
       "InvalidParameterValue"},
      {"RedrivePolicy", R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead","maxReceiveCount":0})",
       "InvalidParameterValue"},
      {"RedrivePolicy", R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead","maxReceiveCount":"5"})",
       ""},
      {"RedrivePolicy", R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:d.fifo","maxReceiveCount":5})",
       "InvalidParameterValue"},
      {"RedriveAllowPolicy", R"({"redrivePermission":"denyAll"})", ""},
      {"RedriveAllowPolicy", R"({"redrivePermission":"maybe"})", "InvalidParameterValue"},
      {"RedriveAllowPolicy", R"({"redrivePermission":"byQueue"})", "InvalidParameterValue"},
      {"RedriveAllowPolicy", R"({"redrivePermission":"denyAll","sourceQueueArns":null})", ""},
      {"KmsMasterKeyId", "alias/x", ""},
      {"KmsMasterKeyId", "a key", "InvalidAttributeValue"},
      {"KmsDataKeyReusePeriodSeconds", "59", "InvalidAttributeValue"},
      {"KmsDataKeyReusePeriodSeconds", "86401", "InvalidAttributeValue"},
      {"SqsManagedSseEnabled", "True", ""},
      {"ContentBasedDeduplication", "true", "InvalidAttributeName"},
      {"FifoQueue", "true", "InvalidParameterValue"},
      {"QueueArn", "x", "InvalidAttributeName"},
      {"Nonsense", "x", "InvalidAttributeName"},
  };
  TestServer server;
  server.create("dead");
  int number = 0;
  for (const auto& c : cases) {
    EXPECT_EQ(code_of(create(server, "q" + std::to_string(number++), {{c.name, c.value}})), c.code)
        << c.name << " = " << c.value;
  }
  EXPECT_EQ(code_of(create(server, "a.fifo", {{"FifoQueue", "true"}, {"FifoThroughputLimit", "perMessageGroupId"}})),
            "InvalidAttributeValue");
  EXPECT_EQ(code_of(create(server, "b.fifo", {})), "InvalidParameterValue");
}

TEST(Queues, ADeadLetterQueueSaysWhoMayUseIt) {
  TestServer server;
  server.create("dead", {{"RedriveAllowPolicy", R"({"redrivePermission":"byQueue","sourceQueueArns":[")" +
                                                    TestServer::arn("good") + "\"]}"}});
  EXPECT_EQ(code_of(create(server, "good", TestServer::redrive("dead", 1))), "");
  EXPECT_EQ(code_of(create(server, "bad", TestServer::redrive("dead", 1))), "InvalidParameterValue");
  const std::string url = server.create("other");
  EXPECT_EQ(code_of(server.set(url, TestServer::redrive("dead", 1))), "InvalidParameterValue");
  EXPECT_EQ(server.attributes(url).count("RedrivePolicy"), 0U);
}

TEST(Queues, CreatingAgainIsFineWhenNothingDiffers) {
  TestServer server;
  EXPECT_EQ(error_of(create(server, "q", {{"DelaySeconds", "1"}})), "");
  EXPECT_EQ(error_of(create(server, "q", {{"DelaySeconds", "1"}})), "");
  EXPECT_EQ(error_of(create(server, "q", {})), "");
  EXPECT_EQ(error_of(create(server, "q", {{"VisibilityTimeout", "30"}})), "") << "the default";
  EXPECT_EQ(
      error_of(create(server, "q", {{"DelaySeconds", "2"}})),
      "QueueNameExists: A queue already exists with the same name and a different value for attribute DelaySeconds");
}

TEST(Queues, NamesAreChecked) {
  TestServer server;
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string("a.b"), std::string(".fifo"), std::string(81, 'a')}) {
    EXPECT_EQ(code_of(create(server, bad, {})), "InvalidParameterValue") << bad;
  }
  EXPECT_EQ(code_of(create(server, std::string(80, 'a'), {})), "");
  EXPECT_EQ(code_of(create(server, std::string(75, 'a') + ".fifo", {{"FifoQueue", "true"}})), "");
}

std::string policy_of(int statements, int actions) {
  std::string list;
  for (int i = 0; i < actions; ++i) list += std::string(i == 0 ? "" : ",") + "\"sqs:A" + std::to_string(i) + "\"";
  std::string text;
  for (int i = 0; i < statements; ++i) {
    text +=
        std::string(i == 0 ? "" : ",") + R"({"Effect":"Allow","Principal":"*","Resource":"*","Action":[)" + list + "]}";
  }
  return R"({"Statement":[)" + text + "]}";
}

TEST(Queues, AttributesChangeAndSurvive) {
  TestServer server;
  const std::string url = server.create("q", {{"DelaySeconds", "1"}});
  server.advance(seconds(10));
  const std::string policy = policy_of(1, 1);
  EXPECT_EQ(error_of(server.set(url, {{"VisibilityTimeout", "7"}, {"Policy", policy}})), "");
  server.restart();
  auto all = server.attributes(url);
  EXPECT_EQ(all["DelaySeconds"], "1");
  EXPECT_EQ(all["VisibilityTimeout"], "7");
  EXPECT_EQ(all["Policy"], policy);
  EXPECT_EQ(all["CreatedTimestamp"], "1493402200");
  EXPECT_EQ(all["LastModifiedTimestamp"], "1493402210");
  EXPECT_EQ(all["QueueArn"], TestServer::arn("q"));
  EXPECT_EQ(error_of(server.set(url, {{"Policy", ""}})), "");
  EXPECT_EQ(server.attributes(url).count("Policy"), 0U);
  EXPECT_EQ(code_of(server.set(url, {{"FifoQueue", "true"}})), "InvalidAttributeName");
}

TEST(Queues, PurgeEmptiesOnceAMinute) {
  TestServer server;
  const std::string url = server.create("q");
  ASSERT_TRUE(server.send(url, "visible"));
  ASSERT_TRUE(server.send(url, "in flight"));
  ASSERT_EQ(server.receive(url, 1).size(), 1U);
  model::PurgeQueueRequest request;
  request.queue_url = url;
  EXPECT_EQ(error_of(server.call(model::kPurgeQueue, request)), "");
  EXPECT_EQ(server.counts(url), "0/0/0");
  ASSERT_TRUE(server.send(url, "new"));
  EXPECT_EQ(error_of(server.call(model::kPurgeQueue, request)),
            "PurgeQueueInProgress: Only one PurgeQueue operation on q is allowed every 60 seconds.");
  server.restart();
  EXPECT_EQ(server.counts(url), "1/0/0");
  server.advance(seconds(60));
  EXPECT_EQ(error_of(server.call(model::kPurgeQueue, request)), "");
}

TEST(Queues, UrlsNameAccountAndQueueOnly) {
  TestServer server;
  server.create("q");
  for (const char* url : {"http://localhost:4566/123456789012/q", "https://sqs.us-east-1.amazonaws.com/123456789012/q",
                          "/123456789012/q", "q"}) {
    EXPECT_EQ(error_of(server.send(url, "x")), "") << url;
  }
  for (const char* url : {"", "other", "/", "http://localhost/999999999999/q", "http://localhost/123456789012/other",
                          "http://localhost/123456789012/"}) {
    EXPECT_EQ(code_of(server.send(url, "x")), "QueueDoesNotExist") << url;
  }
}

TEST(Queues, TagsAreBounded) {
  TestServer server;
  const std::string url = server.create("q");
  model::TagQueueRequest request;
  request.queue_url = url;
  request.tags.emplace();
  for (int i = 0; i < 51; ++i) (*request.tags)["k" + std::to_string(i)] = "v";
  EXPECT_EQ(code_of(server.call(model::kTagQueue, request)), "InvalidParameterValue");
  request.tags->erase("k0");
  EXPECT_EQ(code_of(server.call(model::kTagQueue, request)), "");
  request.tags = Attributes{{std::string(513, 'k'), "v"}};
  EXPECT_EQ(code_of(server.call(model::kTagQueue, request)), "InvalidParameterValue");
  request.tags->clear();
  EXPECT_EQ(error_of(server.call(model::kTagQueue, request)),
            "MissingParameter: The request must contain the parameter Tags.");
}

TEST(Queues, TellTheirAttributesInOneWay) {
  TestServer server;
  server.create("dead");
  Attributes given = {
      {"DelaySeconds", "005"},
      {"RedrivePolicy", " {\"maxReceiveCount\":\"5\", \"deadLetterTargetArn\":\"" + TestServer::arn("dead") + "\"}"}};
  const std::string url = server.create("q", given);
  auto all = server.attributes(url);
  EXPECT_EQ(all["DelaySeconds"], "5");
  EXPECT_EQ(all["RedrivePolicy"], TestServer::redrive("dead", 5)["RedrivePolicy"]);
  // Said in another way it is the same.
  EXPECT_EQ(error_of(create(server, "q", TestServer::redrive("dead", 5))), "");
  EXPECT_EQ(code_of(create(server, "q", TestServer::redrive("dead", 6))), "QueueNameExists");
  auto fifo = server.attributes(server.create("q.fifo"));
  EXPECT_EQ(fifo["DeduplicationScope"] + fifo["FifoThroughputLimit"] + fifo["ContentBasedDeduplication"],
            "queueperQueuefalse");
}

TEST(Queues, FifoIsSaidByNameAndAttribute) {
  struct {
    const char* name;
    Attributes attributes;
    const char* error;
  } cases[] = {
      {"a.fifo",
       {},
       "InvalidParameterValue: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"},
      {"a",
       {{"FifoQueue", "true"}},
       "InvalidParameterValue: The name of a FIFO queue can only include alphanumeric characters, hyphens, or "
       "underscores, must end with .fifo suffix and be 1 to 80 in length."},
      {"a", {{"FifoQueue", "false"}}, "InvalidAttributeName: Unknown Attribute FifoQueue."},
      {"a.fifo", {{"FifoQueue", "yes"}}, "InvalidAttributeValue: Invalid value for the parameter FifoQueue."},
      {"a.fifo", {{"FifoQueue", "true"}}, ""},
  };
  TestServer server;
  for (const auto& c : cases) EXPECT_EQ(error_of(create(server, c.name, c.attributes)), c.error);
}

TEST(Queues, PoliciesAreBounded) {
  TestServer server;
  const std::string url = server.create("q");
  struct {
    std::string policy;
    const char* error;
  } cases[] = {
      {policy_of(20, 7), ""},
      {policy_of(21, 1), "OverLimit: 21 statements were found in the submitted policy, max allowed is 20"},
      {policy_of(1, 8), "OverLimit: 8 actions were found in a statement from the submitted policy, max allowed is 7"},
      {R"({"Id":")" + std::string(8192, 'x') + "\"}", "OverLimit: Submitted policy is over max allowed size."},
  };
  int number = 0;
  for (const auto& c : cases) {
    EXPECT_EQ(error_of(server.set(url, {{"Policy", c.policy}})), c.error);
    EXPECT_EQ(error_of(create(server, "p" + std::to_string(number++), {{"Policy", c.policy}})), c.error);
  }
}

TEST(Queues, PermissionsComeAndGo) {
  TestServer server;
  const std::string url = server.create("q");
  model::AddPermissionRequest add;
  add.queue_url = url;
  add.label = "share";
  add.aws_account_ids = {"111122223333"};
  add.actions = {"SendMessage", "ReceiveMessage"};
  ASSERT_EQ(error_of(server.call(model::kAddPermission, add)), "");
  EXPECT_EQ(
      server.attributes(url)["Policy"],
      R"({"Version":"2008-10-17","Id":"arn:aws:sqs:us-east-1:123456789012:q/SQSDefaultPolicy","Statement":[)"
      R"({"Sid":"share","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},)"
      R"("Action":["SQS:SendMessage","SQS:ReceiveMessage"],"Resource":"arn:aws:sqs:us-east-1:123456789012:q"}]})");
  EXPECT_EQ(error_of(server.call(model::kAddPermission, add)),
            "InvalidParameterValue: Value share for parameter Label is invalid. Reason: Already exists.");
  add.label = "a b";
  EXPECT_EQ(code_of(server.call(model::kAddPermission, add)), "InvalidParameterValue");
  add.label = "other";
  add.actions = {"DeleteQueue"};
  EXPECT_EQ(error_of(server.call(model::kAddPermission, add)),
            "InvalidParameterValue: Value SQS:DeleteQueue for parameter ActionName is invalid. Reason: Only the queue "
            "owner is allowed to invoke this action.");
  // What is added to a policy leaves its version and name.
  const std::string given =
      R"({"Version":"2012-10-17","Id":"mine","Statement":[{"Sid":"s","Effect":"Allow","Principal":"*","Action":"sqs:*",)"
      R"("Resource":"*"}]})";
  const std::string with_policy = server.create("p", {{"Policy", given}});
  add.queue_url = with_policy;
  add.actions = {"SendMessage"};
  ASSERT_EQ(error_of(server.call(model::kAddPermission, add)), "");
  EXPECT_TRUE(server.attributes(with_policy)["Policy"].starts_with(R"({"Version":"2012-10-17","Id":"mine",)"));
  model::RemovePermissionRequest remove;
  remove.queue_url = url;
  remove.label = "share";
  EXPECT_EQ(error_of(server.call(model::kRemovePermission, remove)), "");
  EXPECT_EQ(server.attributes(url).count("Policy"), 0U);
  EXPECT_EQ(error_of(server.call(model::kRemovePermission, remove)),
            "InvalidParameterValue: Value share for parameter Label is invalid. Reason: can't find label on existing "
            "policy.");
}

TEST(Queues, SourcesAreListedInPages) {
  TestServer server;
  const std::string dead = server.create("dead");
  for (const char* name : {"a", "b", "c"}) server.create(name, TestServer::redrive("dead", 1));
  server.create("d");
  model::ListDeadLetterSourceQueuesRequest request;
  request.queue_url = dead;
  request.max_results = 2;
  std::string names;
  for (int page = 0; page < 2; ++page) {
    const auto listed = server.call(model::kListDeadLetterSourceQueues, request);
    ASSERT_EQ(error_of(listed), "");
    for (const std::string& url : *listed->queue_urls) names += url.substr(url.rfind('/') + 1);
    names += "|";
    EXPECT_EQ(listed->next_token.has_value(), page == 0);
    request.next_token = listed->next_token;
  }
  EXPECT_EQ(names, "ab|c|");
  request.next_token = "rubbish";
  EXPECT_EQ(error_of(server.call(model::kListDeadLetterSourceQueues, request)),
            "InvalidParameterValue: Invalid or expired next token.");
  request.next_token.reset();
  request.max_results = 1001;
  EXPECT_EQ(code_of(server.call(model::kListDeadLetterSourceQueues, request)), "InvalidParameterValue");
}

}  // namespace
}  // namespace signalbox::sqs
