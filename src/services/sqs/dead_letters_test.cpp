// Dead letters: their way out, their age, and the tasks that bring them back.

#include "services/sqs/test_server.h"

namespace signalbox::sqs {
namespace {

using std::chrono::seconds;

using Bodies = std::vector<std::string>;

class DeadLetters : public ::testing::Test {
 protected:
  /// A queue of that name whose messages die at their second receive, in `dead`.
  std::string source_of(const std::string& name, const std::string& dead) {
    Attributes attributes = TestServer::redrive(dead, 1);
    if (name.ends_with(".fifo")) attributes["ContentBasedDeduplication"] = "true";
    return server.create(name, attributes);
  }
  /// Sends to a queue of `source_of` and lets it die.
  std::string kill(const std::string& url, const std::string& body, const std::string& group = "") {
    const auto sent = server.send(url, body, group);
    EXPECT_EQ(error_of(sent), "");
    EXPECT_EQ(server.bodies(url), Bodies{body});
    server.advance(seconds(30));
    EXPECT_EQ(server.bodies(url), Bodies{});
    server.settle();
    return sent ? *sent->message_id : "";
  }
  Result<model::StartMessageMoveTaskResult> start(const std::string& dead, const std::string& destination = "",
                                                  std::int32_t rate = 0) {
    model::StartMessageMoveTaskRequest request;
    request.source_arn = TestServer::arn(dead);
    if (!destination.empty()) request.destination_arn = TestServer::arn(destination);
    if (rate != 0) request.max_number_of_messages_per_second = rate;
    return server.call(model::kStartMessageMoveTask, request);
  }
  model::ListMessageMoveTasksResultEntry newest_task(const std::string& dead) {
    model::ListMessageMoveTasksRequest request;
    request.source_arn = TestServer::arn(dead);
    const auto listed = server.call(model::kListMessageMoveTasks, request);
    EXPECT_TRUE(listed && listed->results && listed->results->size() == 1);
    return listed ? listed->results->at(0) : model::ListMessageMoveTasksResultEntry();
  }
  /// Lets the tasks do what they can do at this time: each step passes between shards a few times.
  void run_tasks() {
    for (int i = 0; i < 100; ++i) server.settle();
  }
  TestServer server;
};

TEST_F(DeadLetters, AgeFromTheirFirstSendOnStandardQueues) {
  const std::string dead = server.create("dead", {{"MessageRetentionPeriod", "60"}});
  const std::string url = source_of("q", "dead");
  ASSERT_TRUE(server.send(url, "old"));
  ASSERT_EQ(server.bodies(url), Bodies{"old"});
  server.advance(seconds(30));
  ASSERT_TRUE(server.send(dead, "young"));  // before "old" comes
  ASSERT_EQ(server.bodies(url), Bodies{});
  server.settle();
  EXPECT_EQ(server.counts(dead), "2/0/0");
  server.advance(seconds(30));
  EXPECT_EQ(server.counts(dead), "1/0/0");
  EXPECT_EQ(server.bodies(dead), Bodies{"young"});
}

TEST_F(DeadLetters, AgeAnewAndAreKnownByTheirIdsOnFifoQueues) {
  const std::string dead = server.create("dead.fifo");
  const std::string url = source_of("q.fifo", "dead.fifo");
  const std::string id = kill(url, "x", "g");
  const auto got = server.receive(dead);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].message_id, id);
  EXPECT_EQ(got[0].attributes->at("SentTimestamp"), "1493402230000");
  EXPECT_EQ(got[0].attributes->at("MessageDeduplicationId"), id);
  EXPECT_EQ(got[0].attributes->at("MessageGroupId"), "g");
  EXPECT_EQ(got[0].attributes->at("DeadLetterQueueSourceArn"), TestServer::arn("q.fifo"));
}

TEST_F(DeadLetters, DoNotDieWhileTheirQueueIsMissing) {
  const std::string dead = server.create("dead");
  const std::string url = source_of("q", "dead");
  model::DeleteQueueRequest request;
  request.queue_url = dead;
  ASSERT_EQ(error_of(server.call(model::kDeleteQueue, request)), "");
  ASSERT_TRUE(server.send(url, "x"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(server.bodies(url), Bodies{"x"});
    server.advance(seconds(30));
  }
}

TEST_F(DeadLetters, HideNoneThatCanBeReceived) {
  server.create("dead");
  const std::string url = source_of("q", "dead");
  ASSERT_TRUE(server.send(url, "dying"));
  ASSERT_EQ(server.bodies(url), Bodies{"dying"});
  server.advance(seconds(30));
  ASSERT_TRUE(server.send(url, "living"));
  EXPECT_EQ(server.bodies(url, 1), Bodies{"living"});
}

TEST_F(DeadLetters, ComeBackAsNewMessagesEachToItsQueue) {
  const std::string dead = server.create("dead");
  const std::string urls[] = {source_of("q1", "dead"), source_of("q2", "dead")};
  const std::string id = kill(urls[0], "1");
  kill(urls[1], "2");
  ASSERT_EQ(error_of(start("dead")), "");
  run_tasks();
  EXPECT_EQ(server.counts(dead), "0/0/0");
  const auto back = server.receive(urls[0]);
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(*back[0].body, "1");
  EXPECT_NE(back[0].message_id, id);
  EXPECT_EQ(back[0].attributes->at("SentTimestamp"), "1493402260000");
  EXPECT_EQ(back[0].attributes->at("ApproximateReceiveCount"), "1");
  EXPECT_EQ(back[0].attributes->count("DeadLetterQueueSourceArn"), 0U);
  EXPECT_EQ(server.bodies(urls[1]), Bodies{"2"});
  const auto task = newest_task("dead");
  EXPECT_EQ(task.status, "COMPLETED");
  EXPECT_EQ(task.approximate_number_of_messages_moved, 2);
  EXPECT_FALSE(task.task_handle);
}

TEST_F(DeadLetters, TasksKeepTheirRateOverRestarts) {
  const std::string dead = server.create("dead");
  const std::string url = source_of("q", "dead");
  const std::string other = server.create("other");
  for (const char* body : {"1", "2", "3"}) kill(url, body);
  ASSERT_EQ(error_of(start("dead", "other", 1)), "");
  for (const char* counts : {"1/0/0", "2/0/0"}) {
    run_tasks();
    EXPECT_EQ(server.counts(other), counts);
    EXPECT_EQ(newest_task("dead").status, "RUNNING");
    server.advance(seconds(1));
  }
  server.restart();
  server.advance(seconds(1));
  run_tasks();
  server.advance(seconds(1));
  run_tasks();
  EXPECT_EQ(server.counts(other), "3/0/0");
  EXPECT_EQ(server.counts(dead), "0/0/0");
  const auto task = newest_task("dead");
  EXPECT_EQ(task.status, "COMPLETED");
  EXPECT_EQ(task.destination_arn, TestServer::arn("other"));
  EXPECT_EQ(task.max_number_of_messages_per_second, 1);
}

TEST_F(DeadLetters, TasksFailWithAReason) {
  const std::string dead = server.create("dead");
  const std::string url = source_of("q", "dead");
  ASSERT_TRUE(server.send(dead, "from nowhere"));
  ASSERT_EQ(error_of(start("dead")), "");
  run_tasks();
  EXPECT_EQ(newest_task("dead").status, "FAILED");
  EXPECT_EQ(newest_task("dead").failure_reason, "CouldNotDetermineMessageSource");
  EXPECT_EQ(server.counts(dead), "1/0/0");
}

TEST_F(DeadLetters, BadTasksAreRefused) {
  server.create("dead");
  server.create("f.fifo");
  source_of("q", "dead");
  EXPECT_EQ(
      error_of(start("dead", "none")),
      "ResourceNotFoundException: The resource that you specified for the DestinationArn parameter doesn't exist.");
  EXPECT_EQ(code_of(start("dead", "f.fifo")), "InvalidParameterValue");
  EXPECT_EQ(error_of(start("dead", "", 501)),
            "InvalidParameterValue: Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must "
            "specify a value between 1 and 500.");
  model::CancelMessageMoveTaskRequest cancel;
  cancel.task_handle = "rubbish";
  EXPECT_EQ(code_of(server.call(model::kCancelMessageMoveTask, cancel)), "InvalidParameterValue");
  model::ListMessageMoveTasksRequest list;
  list.source_arn = TestServer::arn("dead");
  list.max_results = 11;
  EXPECT_EQ(code_of(server.call(model::kListMessageMoveTasks, list)), "InvalidParameterValue");
}

TEST_F(DeadLetters, OneReceiveBuriesAsManyAsThereAre) {
  const std::string dead = server.create("dead");
  const std::string url = source_of("q", "dead");
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(server.send(url, "old"));
  for (int i = 0; i < 6; ++i) ASSERT_EQ(server.bodies(url).size(), 10U);
  server.advance(seconds(30));
  ASSERT_TRUE(server.send(url, "new"));
  EXPECT_EQ(server.bodies(url), Bodies{"new"});
  server.settle();
  EXPECT_EQ(server.counts(dead), "60/0/0");
}

TEST_F(DeadLetters, OldTasksAreForgottenAndThoseOfQueuesThatAreGone) {
  const auto stored = [this] {
    int count = 0;
    const store::Key all(kMoveTaskSpace);
    EXPECT_TRUE(server.store().read()->scan(all, all.end(), [&](std::string_view, std::string_view) {
      ++count;
      return true;
    }));
    return count;
  };
  const std::string dead = server.create("dead");
  source_of("q", "dead");
  for (int i = 0; i < 14; ++i) {
    ASSERT_EQ(error_of(start("dead")), "");
    run_tasks();
    server.advance(seconds(1));
  }
  EXPECT_LE(stored(), 11);
  model::ListMessageMoveTasksRequest list;
  list.source_arn = TestServer::arn("dead");
  list.max_results = 10;
  const auto listed = server.call(model::kListMessageMoveTasks, list);
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->results->size(), 10U);
  model::DeleteQueueRequest removal;
  removal.queue_url = dead;
  ASSERT_TRUE(server.call(model::kDeleteQueue, removal));
  server.restart();
  server.settle();
  server.restart();
  EXPECT_EQ(stored(), 0);
}

}  // namespace
}  // namespace signalbox::sqs
