// Sending, receiving and deleting through the door, under a clock that moves when told.

#include <algorithm>

#include "services/sqs/test_server.h"

namespace signalbox::sqs {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

using Bodies = std::vector<std::string>;

TEST(Messages, AreInFlightUntilTheirTimeoutIsOver) {
  TestServer server;
  const std::string url = server.create("q", {{"VisibilityTimeout", "30"}});
  ASSERT_EQ(error_of(server.send(url, "a")), "");
  EXPECT_EQ(server.counts(url), "1/0/0");
  const auto first = server.receive(url);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].attributes->at("ApproximateReceiveCount"), "1");
  EXPECT_EQ(first[0].attributes->at("SentTimestamp"), "1493402200000");
  EXPECT_EQ(server.counts(url), "0/1/0");
  server.advance(seconds(29));
  EXPECT_EQ(server.bodies(url), Bodies{});
  server.advance(seconds(1));
  const auto second = server.receive(url);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].attributes->at("ApproximateReceiveCount"), "2");
  EXPECT_EQ(second[0].attributes->at("ApproximateFirstReceiveTimestamp"), "1493402200000");
  // An old receipt deletes, too, on a standard queue.
  EXPECT_EQ(error_of(server.remove(url, first[0])), "");
  EXPECT_EQ(server.counts(url), "0/0/0");
  EXPECT_EQ(error_of(server.remove(url, second[0])), "");
}

TEST(Messages, VisibilityCanBeChangedWhileInFlight) {
  TestServer server;
  const std::string url = server.create("q");
  ASSERT_TRUE(server.send(url, "a"));
  const auto got = server.receive(url);
  EXPECT_EQ(error_of(server.change_visibility(url, got[0], 100)), "");
  server.advance(seconds(99));
  EXPECT_EQ(server.bodies(url), Bodies{});
  EXPECT_EQ(error_of(server.change_visibility(url, got[0], 0)), "");
  EXPECT_EQ(server.bodies(url), Bodies{"a"});
  // The handle of an older receive is as good, as long as the message is in flight.
  EXPECT_EQ(error_of(server.change_visibility(url, got[0], 0)), "");
  EXPECT_EQ(code_of(server.change_visibility(url, got[0], 0)), "MessageNotInflight");
  EXPECT_EQ(server.bodies(url), Bodies{"a"});
  EXPECT_EQ(code_of(server.change_visibility(url, got[0], 43'201)), "InvalidParameterValue");
}

TEST(Messages, DelaysOfQueueAndMessage) {
  TestServer server;
  const std::string url = server.create("q", {{"DelaySeconds", "10"}});
  ASSERT_TRUE(server.send(url, "queue's"));
  ASSERT_TRUE(server.send(url, "own", "", "", 20));
  ASSERT_TRUE(server.send(url, "none", "", "", 0));
  EXPECT_EQ(server.counts(url), "1/0/2");
  EXPECT_EQ(server.bodies(url), Bodies{"none"});
  server.advance(seconds(10));
  EXPECT_EQ(server.bodies(url), Bodies{"queue's"});
  server.advance(seconds(10));
  EXPECT_EQ(server.bodies(url), Bodies{"own"});
}

TEST(Messages, GoWhenTheirRetentionIsOver) {
  TestServer server;
  const std::string url = server.create("q", {{"MessageRetentionPeriod", "60"}});
  ASSERT_TRUE(server.send(url, "old"));
  server.advance(seconds(30));
  ASSERT_TRUE(server.send(url, "young"));
  server.advance(seconds(30));
  EXPECT_EQ(server.counts(url), "1/0/0");
  EXPECT_EQ(server.bodies(url), Bodies{"young"});
  server.advance(seconds(30));
  EXPECT_EQ(server.counts(url), "0/0/0");
  server.restart();
  EXPECT_EQ(server.counts(url), "0/0/0");
}

TEST(Messages, LongPollEndsWhenAMessageComes) {
  TestServer server;
  const std::string url = server.create("q");
  auto poll = server.begin(model::kReceiveMessage, TestServer::receive_request(url, 10, 20));
  server.settle();
  ASSERT_TRUE(server.send(url, "x"));
  const auto answer = poll.get();
  ASSERT_TRUE(answer && answer->messages);
  EXPECT_EQ(*answer->messages->front().body, "x");
}

TEST(Messages, LongPollEndsWhenItsTimeIsOverAndNotBefore) {
  TestServer server;
  const std::string url = server.create("q", {{"ReceiveMessageWaitTimeSeconds", "20"}});
  auto request = TestServer::receive_request(url);
  request.wait_time_seconds.reset();
  auto poll = server.begin(model::kReceiveMessage, request);
  server.settle();
  server.advance(seconds(19));
  EXPECT_EQ(poll.wait_for(seconds(0)), std::future_status::timeout);
  server.advance(seconds(1));
  const auto answer = poll.get();
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->messages);
}

TEST(Messages, LongPollEndsWhenAMessageBecomesVisible) {
  TestServer server;
  const std::string url = server.create("q", {{"VisibilityTimeout", "5"}});
  ASSERT_TRUE(server.send(url, "x"));
  ASSERT_EQ(server.bodies(url), Bodies{"x"});
  auto poll = server.begin(model::kReceiveMessage, TestServer::receive_request(url, 1, 20));
  server.settle();
  server.advance(seconds(5));
  const auto answer = poll.get();
  ASSERT_TRUE(answer && answer->messages);
}

TEST(Messages, LongPollOfADeletedQueueEndsInAnError) {
  TestServer server;
  const std::string url = server.create("q");
  auto poll = server.begin(model::kReceiveMessage, TestServer::receive_request(url, 1, 20));
  server.settle();
  model::DeleteQueueRequest request;
  request.queue_url = url;
  ASSERT_EQ(error_of(server.call(model::kDeleteQueue, request)), "");
  EXPECT_EQ(code_of(poll.get()), "QueueDoesNotExist");
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

TEST(Messages, LongPollOfAClientThatLeftTakesNothing) {
  TestServer server;
  const std::string url = server.create("q");
  Client client;
  auto poll = server.begin(model::kReceiveMessage, TestServer::receive_request(url, 1, 20), kHere, &client);
  server.settle();
  client.leave();
  ASSERT_TRUE(poll.get());
  ASSERT_TRUE(server.send(url, "x"));
  EXPECT_EQ(server.counts(url), "1/0/0");
}

TEST(Messages, DeadLettersMoveWithTheirIdsAndTimes) {
  TestServer server;
  const std::string dead = server.create("dead");
  const std::string url = server.create("q", TestServer::redrive("dead", 2));
  const auto sent = server.send(url, "poison");
  ASSERT_TRUE(sent);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(server.bodies(url), Bodies{"poison"});
    server.advance(seconds(30));
  }
  EXPECT_EQ(server.bodies(url), Bodies{});
  server.settle();
  EXPECT_EQ(server.counts(url), "0/0/0");
  const auto got = server.receive(dead);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].message_id, sent->message_id);
  EXPECT_EQ(got[0].attributes->at("SentTimestamp"), "1493402200000");
  EXPECT_EQ(got[0].attributes->at("DeadLetterQueueSourceArn"), TestServer::arn("q"));
  EXPECT_EQ(got[0].attributes->at("ApproximateReceiveCount"), "3") << "over all queues";
}

TEST(Messages, MoveTasksBringDeadLettersBackAtTheirRate) {
  TestServer server;
  const std::string dead = server.create("dead");
  const std::string url = server.create("q", TestServer::redrive("dead", 1));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(server.send(url, std::to_string(i)));
  ASSERT_EQ(server.receive(url).size(), 3U);
  server.advance(seconds(30));
  ASSERT_EQ(server.bodies(url), Bodies{});
  server.settle();
  ASSERT_EQ(server.counts(dead), "3/0/0");
  model::StartMessageMoveTaskRequest start;
  start.source_arn = TestServer::arn("dead");
  start.max_number_of_messages_per_second = 1;
  const auto task = server.call(model::kStartMessageMoveTask, start);
  ASSERT_EQ(error_of(task), "");
  EXPECT_EQ(code_of(server.call(model::kStartMessageMoveTask, start)), "UnsupportedOperation");
  server.settle();
  model::CancelMessageMoveTaskRequest cancel;
  cancel.task_handle = task->task_handle;
  EXPECT_EQ(error_of(server.call(model::kCancelMessageMoveTask, cancel)), "");
  EXPECT_EQ(code_of(server.call(model::kCancelMessageMoveTask, cancel)), "ResourceNotFoundException");
  model::ListMessageMoveTasksRequest list;
  list.source_arn = TestServer::arn("dead");
  const auto listed = server.call(model::kListMessageMoveTasks, list);
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->results->front().status, "CANCELLED");
  EXPECT_EQ(listed->results->front().approximate_number_of_messages_to_move, 3);
}

TEST(Messages, OnlyDeadLetterQueuesCanBeMovedFrom) {
  TestServer server;
  server.create("q");
  model::StartMessageMoveTaskRequest start;
  start.source_arn = TestServer::arn("q");
  EXPECT_EQ(error_of(server.call(model::kStartMessageMoveTask, start)),
            "InvalidParameterValue: Source queue must be configured as a Dead Letter Queue.");
  start.source_arn = TestServer::arn("missing");
  EXPECT_EQ(code_of(server.call(model::kStartMessageMoveTask, start)), "ResourceNotFoundException");
}

TEST(Messages, SurviveARestartAsTheyWere) {
  TestServer server;
  const std::string url = server.create("q");
  ASSERT_TRUE(server.send(url, "in flight"));
  const auto got = server.receive(url);
  ASSERT_TRUE(server.send(url, "visible"));
  ASSERT_TRUE(server.send(url, "delayed", "", "", 60));
  ASSERT_TRUE(server.send(url, "deleted"));
  for (const auto& message : server.receive(url)) {
    if (*message.body == "deleted") {
      EXPECT_EQ(error_of(server.remove(url, message)), "");
    } else {
      EXPECT_EQ(error_of(server.change_visibility(url, message, 0)), "");
    }
  }
  server.restart();
  EXPECT_EQ(server.counts(url).substr(1), "/1/1");
  EXPECT_EQ(error_of(server.change_visibility(url, got[0], 0)), "");
  server.advance(seconds(60));
  auto bodies = server.bodies(url);
  std::ranges::sort(bodies);
  EXPECT_EQ(bodies, (Bodies{"delayed", "in flight", "visible"}));
}

TEST(Fifo, GroupsAreInOrderAndBlockedWhileInFlight) {
  TestServer server;
  const std::string url = server.create("q.fifo", {{"ContentBasedDeduplication", "true"}});
  for (const char* body : {"a1", "a2", "b1"}) ASSERT_EQ(error_of(server.send(url, body, std::string(1, *body))), "");
  const auto a1 = server.receive(url, 1);
  ASSERT_EQ(*a1.at(0).body, "a1");
  EXPECT_EQ(server.bodies(url), Bodies{"b1"});
  EXPECT_EQ(server.bodies(url), Bodies{});
  EXPECT_EQ(error_of(server.remove(url, a1[0])), "");
  EXPECT_EQ(server.bodies(url), Bodies{"a2"});
  server.advance(seconds(30));
  EXPECT_EQ(server.bodies(url), (Bodies{"a2", "b1"}));
}

TEST(Fifo, WhatIsVisibleAgainComesBeforeWhatIsInFlight) {
  TestServer server;
  const std::string url = server.create("q.fifo", {{"ContentBasedDeduplication", "true"}});
  for (const char* body : {"1", "2", "3"}) ASSERT_EQ(error_of(server.send(url, body, "g")), "");
  const auto got = server.receive(url, 2);
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(error_of(server.change_visibility(url, got[0], 0)), "");
  EXPECT_EQ(server.bodies(url), Bodies{"1"}) << "3 stays behind 2, which is in flight";
  EXPECT_EQ(error_of(server.change_visibility(url, got[1], 0)), "");
  EXPECT_EQ(server.bodies(url), Bodies{}) << "2 stays behind 1";
  server.advance(seconds(30));
  EXPECT_EQ(server.bodies(url), (Bodies{"1", "2", "3"}));
}

TEST(Fifo, MessagesHaveTheDelayOfTheirQueue) {
  TestServer server;
  const std::string url = server.create("q.fifo", {{"ContentBasedDeduplication", "True"}, {"DelaySeconds", "2"}});
  ASSERT_EQ(error_of(server.send(url, "x", "g", "", 0)), "");
  EXPECT_EQ(server.bodies(url), Bodies{});
  server.advance(seconds(2));
  EXPECT_EQ(server.bodies(url), Bodies{"x"});
}

TEST(Fifo, DeletingNeedsTheNewestReceiptWhileItLasts) {
  TestServer server;
  const std::string url = server.create("q.fifo", {{"ContentBasedDeduplication", "true"}});
  ASSERT_TRUE(server.send(url, "x", "g"));
  const auto first = server.receive(url);
  server.advance(seconds(30));
  EXPECT_EQ(code_of(server.remove(url, first[0])), "InvalidParameterValue");
  const auto second = server.receive(url);
  EXPECT_EQ(code_of(server.remove(url, first[0])), "InvalidParameterValue");
  EXPECT_EQ(error_of(server.remove(url, second[0])), "");
}

TEST(Fifo, DeduplicationLastsFiveMinutesOverRestarts) {
  TestServer server;
  const std::string url = server.create("q.fifo");
  const auto first = server.send(url, "x", "g", "id");
  ASSERT_TRUE(first);
  server.advance(minutes(5) - seconds(1));
  server.restart();
  const auto again = server.send(url, "y", "h", "id");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->message_id, first->message_id);
  EXPECT_EQ(again->sequence_number, first->sequence_number);
  server.advance(seconds(1));
  const auto later = server.send(url, "z", "g", "id");
  ASSERT_TRUE(later);
  EXPECT_NE(later->message_id, first->message_id);
  EXPECT_GT(*later->sequence_number, *first->sequence_number);
  EXPECT_EQ(server.bodies(url), (Bodies{"x", "z"}));
}

TEST(Fifo, DeduplicationByGroup) {
  TestServer server;
  const std::string url = server.create("q.fifo", {{"DeduplicationScope", "messageGroup"}});
  for (const char* group : {"a", "b", "a"}) ASSERT_TRUE(server.send(url, group, group, "id"));
  EXPECT_EQ(server.bodies(url), (Bodies{"a", "b"}));
}

TEST(Fifo, ARepeatedAttemptGetsTheSameMessages) {
  TestServer server;
  const std::string url = server.create("q.fifo", {{"ContentBasedDeduplication", "true"}});
  for (const char* body : {"1", "2", "3"}) ASSERT_TRUE(server.send(url, body, "g"));
  auto request = TestServer::receive_request(url, 2);
  request.receive_request_attempt_id = "attempt";
  const auto first = server.call(model::kReceiveMessage, request);
  const auto again = server.call(model::kReceiveMessage, request);
  ASSERT_TRUE(first && first->messages && again && again->messages);
  ASSERT_EQ(again->messages->size(), 2U);
  EXPECT_EQ(again->messages->at(0).message_id, first->messages->at(0).message_id);
  EXPECT_EQ(again->messages->at(1).message_id, first->messages->at(1).message_id);
}

TEST(Messages, ReceiveReturnsWhatWasAskedFor) {
  TestServer server;
  const std::string url = server.create("q");
  model::SendMessageRequest send;
  send.queue_url = url;
  send.message_body = "x";
  send.message_attributes.emplace();
  for (const char* name : {"a.one", "a.two", "b"}) {
    (*send.message_attributes)[name].data_type = "String";
    (*send.message_attributes)[name].string_value = "v";
  }
  struct {
    std::vector<std::string> names;
    std::vector<std::string> expected;
  } cases[] = {{{}, {}},
               {{"All"}, {"a.one", "a.two", "b"}},
               {{".*"}, {"a.one", "a.two", "b"}},
               {{"a.*"}, {"a.one", "a.two"}},
               {{"b", "missing"}, {"b"}}};
  for (const auto& c : cases) {
    ASSERT_EQ(error_of(server.call(model::kSendMessage, send)), "");
    auto request = TestServer::receive_request(url);
    request.message_attribute_names = c.names;
    request.message_system_attribute_names = {"SenderId"};
    const auto got = server.call(model::kReceiveMessage, request);
    ASSERT_TRUE(got && got->messages);
    const model::Message& message = got->messages->front();
    std::vector<std::string> names;
    if (message.message_attributes) {
      for (const auto& [name, value] : *message.message_attributes) names.push_back(name);
    }
    EXPECT_EQ(names, c.expected);
    EXPECT_EQ(message.attributes->size(), 1U);
  }
}

TEST(Messages, OfADeletedQueueAreNotInTheNextOfItsName) {
  TestServer server;
  const std::string url = server.create("q");
  ASSERT_TRUE(server.send(url, "old"));
  const auto got = server.receive(url);
  model::DeleteQueueRequest request;
  request.queue_url = url;
  ASSERT_EQ(error_of(server.call(model::kDeleteQueue, request)), "");
  server.create("q");
  EXPECT_EQ(server.counts(url), "0/0/0");
  EXPECT_EQ(code_of(server.remove(url, got[0])), "ReceiptHandleIsInvalid");
  server.restart();
  EXPECT_EQ(server.counts(url), "0/0/0");
}

TEST(Messages, RecordsOfDeadQueuesAreSweptAtStart) {
  TestServer server;
  const std::string url = server.create("q");
  ASSERT_TRUE(server.send(url, "kept"));
  store::Batch batch;
  const store::Key orphan = store::Key(kMessageSpace).number(42).number(1);
  batch.put(orphan, "left behind");
  server.store().commit_later(std::move(batch));
  server.restart();
  server.restart();
  EXPECT_EQ(server.store().get(orphan), std::nullopt);
  EXPECT_EQ(server.bodies(url), Bodies{"kept"});
}

}  // namespace
}  // namespace signalbox::sqs
