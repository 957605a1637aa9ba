// Who waits for messages, who gets them, and what a receive is refused for.

#include "services/sqs/test_server.h"

namespace signalbox::sqs {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

using Received = Result<model::ReceiveMessageResult>;
using Bodies = std::vector<std::string>;

Bodies bodies_of(const Received& received) {
  Bodies bodies;
  EXPECT_EQ(error_of(received), "");
  if (!received || !received->messages) return bodies;
  for (const model::Message& message : *received->messages) bodies.push_back(*message.body);
  return bodies;
}

/// A connection whose client can go.
class Client final : public http::Connection {
 public:
  void watch(std::function<void()> gone) override { gone_ = std::move(gone); }
  void unwatch() override { gone_ = nullptr; }
  void leave() { gone_(); }

 private:
  std::function<void()> gone_;
};

/// Makes the delayed messages of a queue visible, one wake each, before any poll can run; `before` runs just before.
void show_delayed(TestServer& server, const std::string& name, const std::function<void()>& before = [] {}) {
  Queue& queue = server.queue(name);
  std::promise<void> done;
  queue.owner.post([&] {
    before();
    const Time now = server.clock.now();
    for (const std::uint64_t sequence : queue.index.sent_before(now, 10)) {
      queue.index.change_visibility(sequence, now, now);
      queue.wake(1);
    }
    done.set_value();
  });
  done.get_future().wait();
}

TEST(Polls, MessagesAtOnceReachAsManyPolls) {
  TestServer server;
  const std::string url = server.create("q");
  std::vector<std::future<Received>> polls;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(server.send(url, std::to_string(i), "", "", 100));
    polls.push_back(server.begin(model::kReceiveMessage, TestServer::receive_request(url, 1, 20)));
  }
  server.settle();
  show_delayed(server, "q");
  server.settle();
  for (auto& poll : polls) {
    ASSERT_EQ(poll.wait_for(seconds(10)), std::future_status::ready);
    EXPECT_EQ(bodies_of(poll.get()).size(), 1U);
  }
}

TEST(Polls, EachWakeIsForAnother) {
  VirtualClock clock{Time(Duration(0))};
  QuietLog log;
  cloud::Shards shards(1, clock, log);
  cloud::Measures measures(clock);
  Queue queue({kHere, "q"}, 1, shards.at(0), measures);
  LongPoll first(shards.at(0));
  LongPoll second(shards.at(0));
  for (LongPoll* poll : {&first, &second}) poll->place = queue.waiting.insert(queue.waiting.end(), poll);
  queue.wake(1);
  EXPECT_FALSE(first.place);
  EXPECT_TRUE(second.place);
  queue.wake(1);
  EXPECT_FALSE(second.place);
  queue.wake(1);  // nobody is left
}

TEST(Polls, TheMessageOfAClientThatLeftGoesToTheNext) {
  TestServer server;
  const std::string url = server.create("q");
  ASSERT_TRUE(server.send(url, "x", "", "", 100));
  Client client;
  auto first = server.begin(model::kReceiveMessage, TestServer::receive_request(url, 1, 20), kHere, &client);
  server.settle();
  auto second = server.begin(model::kReceiveMessage, TestServer::receive_request(url, 1, 20));
  server.settle();
  show_delayed(server, "q", [&client] { client.leave(); });
  EXPECT_EQ(bodies_of(first.get()), Bodies{});
  ASSERT_EQ(second.wait_for(seconds(10)), std::future_status::ready);
  EXPECT_EQ(bodies_of(second.get()), Bodies{"x"});
}

TEST(Polls, WhatAReceiveMadeVisibleReachesThoseThatWait) {
  TestServer server;
  const std::string url = server.create("q", {{"VisibilityTimeout", "5"}});
  for (const char* body : {"a", "b"}) ASSERT_TRUE(server.send(url, body));
  ASSERT_EQ(server.receive(url).size(), 2U);
  auto poll = server.begin(model::kReceiveMessage, TestServer::receive_request(url, 1, 20));
  server.settle();
  server.clock.advance(seconds(5));  // nobody is told yet
  EXPECT_EQ(server.receive(url, 1).size(), 1U);
  server.advance(seconds(0));
  ASSERT_EQ(poll.wait_for(seconds(10)), std::future_status::ready);
  EXPECT_EQ(bodies_of(poll.get()).size(), 1U);
}

TEST(Polls, AWaitOfZeroOverrulesTheQueue) {
  TestServer server;
  const std::string url = server.create("q", {{"ReceiveMessageWaitTimeSeconds", "20"}});
  EXPECT_EQ(bodies_of(server.call(model::kReceiveMessage, TestServer::receive_request(url, 1, 0))), Bodies{});
}

TEST(Polls, BadReceivesAreRefused) {
  TestServer server;
  const std::string url = server.create("q");
  const std::string fifo = server.create("q.fifo");
  struct {
    std::string url;
    std::function<void(model::ReceiveMessageRequest&)> change;
    const char* error;
  } cases[] = {
      {url, [](auto& r) { r.max_number_of_messages = 0; },
       "InvalidParameterValue: Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, "
       "if provided."},
      {url, [](auto& r) { r.max_number_of_messages = 11; },
       "InvalidParameterValue: Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and "
       "10, "
       "if provided."},
      {url, [](auto& r) { r.wait_time_seconds = 21; },
       "InvalidParameterValue: Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if "
       "provided."},
      {url, [](auto& r) { r.visibility_timeout = 43'201; },
       "InvalidParameterValue: Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= "
       "43200, if provided."},
      {url, [](auto& r) { r.receive_request_attempt_id = "a"; },
       "InvalidParameterValue: Value a for parameter ReceiveRequestAttemptId is invalid. Reason: The request include "
       "parameter that is not valid for this queue type."},
      {fifo, [](auto& r) { r.receive_request_attempt_id = "a b"; },
       "InvalidParameterValue: Value a b for parameter ReceiveRequestAttemptId is invalid. Reason: "
       "ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to 128 in length."},
  };
  for (const auto& c : cases) {
    auto request = TestServer::receive_request(c.url);
    c.change(request);
    EXPECT_EQ(error_of(server.call(model::kReceiveMessage, request)), c.error);
  }
}

TEST(Polls, NoMoreThanTheLimitAreInFlight) {
  TestServer server;
  const std::string urls[] = {server.create("q"), server.create("q.fifo")};
  // Leases as a crash leaves them: the limit less one are in flight after the restart.
  const Time now = server.clock.now();
  for (const char* name : {"q", "q.fifo"}) {
    Queue& queue = server.queue(name);
    store::Batch batch;
    for (std::uint64_t i = 1; i < kMaxInFlight + 2; ++i) {
      const std::string group = std::to_string(i);
      batch.put(message_key(queue, i), encode_message({"id", "x", now, now, "", "", group, "", "", {}}));
      if (i >= kMaxInFlight) continue;
      MessageState lease;
      lease.visible_at = now + seconds(60);
      lease.receives = 1;
      lease.lease = 7;
      batch.put(lease_key(queue, i), encode_lease(lease));
    }
    server.store().commit_later(std::move(batch));
  }
  server.restart();
  for (const std::string& url : urls) EXPECT_EQ(server.receive(url).size(), 1U) << "the last there is room for";
  const auto refused = server.call(model::kReceiveMessage, TestServer::receive_request(urls[0]));
  EXPECT_EQ(code_of(refused), "OverLimit");
  EXPECT_EQ(bodies_of(server.call(model::kReceiveMessage, TestServer::receive_request(urls[1]))), Bodies{});
  auto poll = server.begin(model::kReceiveMessage, TestServer::receive_request(urls[0], 1, 20));
  server.settle();
  server.advance(seconds(20));
  EXPECT_EQ(bodies_of(poll.get()), Bodies{});
}

TEST(Polls, VisibilityLastsTwelveHoursFromTheReceive) {
  TestServer server;
  const std::string url = server.create("q");
  ASSERT_TRUE(server.send(url, "x"));
  const auto got = server.receive(url);
  EXPECT_EQ(error_of(server.change_visibility(url, got[0], 43'200)), "");
  server.advance(seconds(1));
  server.restart();
  EXPECT_EQ(error_of(server.change_visibility(url, got[0], 43'200)),
            "InvalidParameterValue: Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total "
            "VisibilityTimeout for the message is beyond the limit [43200 seconds]");
  EXPECT_EQ(error_of(server.change_visibility(url, got[0], 43'199)), "");
}

TEST(Polls, VisibilityOfWhatIsNotInFlight) {
  TestServer server;
  const std::string url = server.create("q");
  ASSERT_TRUE(server.send(url, "x"));
  const auto got = server.receive(url);
  server.advance(seconds(30));
  EXPECT_EQ(code_of(server.change_visibility(url, got[0], 100)), "MessageNotInflight");
  EXPECT_EQ(server.counts(url), "1/0/0") << "it stays visible";
  ASSERT_EQ(error_of(server.remove(url, got[0])), "");
  EXPECT_EQ(error_of(server.change_visibility(url, got[0], 0)),
            "InvalidParameterValue: Value " + *got[0].receipt_handle +
                " for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for "
                "visibility timeout change.");
  model::Message rubbish;
  rubbish.receipt_handle = "rubbish";
  for (const auto& refused :
       {error_of(server.change_visibility(url, rubbish, 0)), error_of(server.remove(url, rubbish))}) {
    EXPECT_EQ(refused, "ReceiptHandleIsInvalid: The input receipt handle \"rubbish\" is not a valid receipt handle.");
  }
}

TEST(Polls, ReceiveCountsSurvive) {
  TestServer server;
  const std::string url = server.create("q");
  ASSERT_TRUE(server.send(url, "x"));
  for (const char* count : {"1", "2", "3"}) {
    const auto got = server.receive(url);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].attributes->at("ApproximateReceiveCount"), count);
    EXPECT_EQ(got[0].attributes->at("ApproximateFirstReceiveTimestamp"), "1493402200000");
    server.restart();
    server.advance(seconds(30));
  }
}

class Attempts : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* group : {"a", "b"}) {
      for (int i = 0; i < 3; ++i) ASSERT_TRUE(server.send(url, group + std::to_string(i), group));
    }
    request = TestServer::receive_request(url, 2);
    request.receive_request_attempt_id = "attempt";
    first = server.call(model::kReceiveMessage, request);
    ASSERT_EQ(bodies_of(first), (Bodies{"a0", "a1"}));
  }
  TestServer server;
  std::string url = server.create("q.fifo", {{"ContentBasedDeduplication", "true"}});
  model::ReceiveMessageRequest request;
  Received first;
};

TEST_F(Attempts, RepeatedGetTheSameHandlesAndTheirTimeAnew) {
  server.advance(seconds(20));
  const auto again = server.call(model::kReceiveMessage, request);
  ASSERT_EQ(bodies_of(again), (Bodies{"a0", "a1"}));
  EXPECT_EQ(again->messages->at(0).receipt_handle, first->messages->at(0).receipt_handle);
  EXPECT_EQ(again->messages->at(0).attributes->at("ApproximateReceiveCount"), "1");
  server.advance(seconds(20));
  EXPECT_EQ(error_of(server.remove(url, first->messages->at(0))), "");
}

TEST_F(Attempts, AreOverWhenAMessageWasTouched) {
  ASSERT_EQ(error_of(server.change_visibility(url, first->messages->at(1), 100)), "");
  EXPECT_EQ(bodies_of(server.call(model::kReceiveMessage, request)), (Bodies{"b0", "b1"}));
}

TEST_F(Attempts, AreOverWhenAMessageWasDeleted) {
  ASSERT_EQ(error_of(server.remove(url, first->messages->at(0))), "");
  EXPECT_EQ(bodies_of(server.call(model::kReceiveMessage, request)), (Bodies{"b0", "b1"}));
}

TEST_F(Attempts, LastFiveMinutes) {
  for (const model::Message& message : *first->messages) {
    ASSERT_EQ(error_of(server.change_visibility(url, message, 1000)), "");
  }
  server.advance(minutes(5));
  EXPECT_EQ(bodies_of(server.call(model::kReceiveMessage, request)), (Bodies{"b0", "b1"}));
}

}  // namespace
}  // namespace signalbox::sqs
