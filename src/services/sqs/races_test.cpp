// What happens to a queue while something else on it waits for the store.

#include "services/sqs/test_server.h"

namespace signalbox::sqs {
namespace {

using std::chrono::seconds;
using Bodies = std::vector<std::string>;

/// Holds the committer's thread until released: what is committed meanwhile waits.
class HeldStore {
 public:
  explicit HeldStore(store::Store& store) {
    std::promise<void> held;
    store::Batch batch;
    batch.put("test.held", "");
    store.commit_later(std::move(batch), [this, &held](const Result<void>&) {
      held.set_value();
      released_.get_future().wait();
    });
    held.get_future().wait();
  }
  void release() { released_.set_value(); }

 private:
  std::promise<void> released_;
};

/// Has an event target prepare a message without committing it yet, as PutEvents does between its targets.
cloud::AfterCommit append(TestServer& server, store::Batch& batch, const std::string& queue, const std::string& body) {
  cloud::EventTarget* const target = server.house().event_targets.queues();
  std::vector<cloud::EventDelivery> deliveries(1);
  deliveries[0].payload = body;
  deliveries[0].message_group_id = "g";
  auto appending = target->append(TestServer::arn(queue), std::move(deliveries), batch);
  auto appended = asio::co_spawn(server.house().shards.at(0).loop(), std::move(appending), asio::use_future).get();
  EXPECT_TRUE(appended.undelivered.empty());
  return std::move(appended.after);
}

/// Returns when the batch is in the store: who appended is told no earlier.
void commit(TestServer& server, store::Batch batch) {
  const auto committed = std::make_shared<std::promise<void>>();
  server.store().commit_later(std::move(batch), [committed](const Result<void>&) { committed->set_value(); });
  committed->get_future().wait();
}

TEST(Fifo, ARepeatIsAnsweredWhenItsOriginalIsDurable) {
  TestServer server;
  const std::string url = server.create("q.fifo", {{"ContentBasedDeduplication", "true"}});
  for (const bool committed : {true, false}) {
    const std::string body = committed ? "kept" : "refused at first";
    store::Batch batch;
    const auto after = append(server, batch, "q.fifo", body);
    model::SendMessageRequest request;
    request.queue_url = url;
    request.message_body = body;
    request.message_group_id = "g";
    auto repeat = server.begin(model::kSendMessage, request);
    server.settle();
    server.settle();
    EXPECT_EQ(repeat.wait_for(seconds(0)), std::future_status::timeout);
    if (committed) commit(server, std::move(batch));
    after(committed);
    EXPECT_EQ(error_of(repeat.get()), "");
  }
  server.settle();
  EXPECT_EQ(server.bodies(url), (Bodies{"kept", "refused at first"}));
  server.restart();
  EXPECT_EQ(server.counts(url), "0/2/0");
}

TEST(Queues, WhatIsSentDuringAPurgeStays) {
  for (const char* name : {"q", "q.fifo"}) {
    TestServer server;
    const std::string url = server.create(name);
    const bool fifo = url.ends_with(".fifo");
    for (const char* old : {"1", "2"}) ASSERT_TRUE(server.send(url, old, fifo ? "g" : "", fifo ? old : ""));
    HeldStore held(server.store());
    model::PurgeQueueRequest purge;
    purge.queue_url = url;
    auto purged = server.begin(model::kPurgeQueue, purge);
    server.settle();
    model::SendMessageRequest send;
    send.queue_url = url;
    send.message_body = "new";
    if (fifo) send.message_group_id = send.message_deduplication_id = "new";
    auto sent = server.begin(model::kSendMessage, send);
    server.settle();
    held.release();
    EXPECT_EQ(error_of(purged.get()), "");
    EXPECT_EQ(error_of(sent.get()), "");
    EXPECT_EQ(server.counts(url), "1/0/0");
    server.restart();
    EXPECT_EQ(server.bodies(url), Bodies{"new"});
  }
}

TEST(Queues, WhatIsPublishedDuringAPurgeStays) {
  TestServer server;
  const std::string url = server.create("q.fifo", {{"ContentBasedDeduplication", "true"}});
  for (const char* old : {"1", "2"}) ASSERT_TRUE(server.send(url, old, "g"));
  store::Batch batch;
  const auto after = append(server, batch, "q.fifo", "new");
  commit(server, std::move(batch));
  HeldStore held(server.store());
  model::PurgeQueueRequest purge;
  purge.queue_url = url;
  auto purged = server.begin(model::kPurgeQueue, purge);
  server.settle();
  after(true);
  server.settle();
  held.release();
  EXPECT_EQ(error_of(purged.get()), "");
  EXPECT_EQ(server.counts(url), "1/0/0");
  server.restart();
  EXPECT_EQ(server.bodies(url), Bodies{"new"});
}

TEST(Fifo, NobodyReceivesALaterMessageFirst) {
  for (const bool committed : {true, false}) {
    TestServer server;
    const std::string url = server.create("q.fifo", {{"ContentBasedDeduplication", "true"}});
    store::Batch batch;
    const auto after = append(server, batch, "q.fifo", "first");
    ASSERT_EQ(error_of(server.send(url, "second", "g")), "");
    EXPECT_EQ(server.bodies(url), Bodies{});
    if (committed) commit(server, std::move(batch));
    after(committed);
    server.settle();
    EXPECT_EQ(server.bodies(url), committed ? (Bodies{"first", "second"}) : Bodies{"second"});
  }
}

TEST(Queues, OverlappingChangesAllStand) {
  TestServer server;
  const std::string url = server.create("q");
  auto held = std::make_unique<HeldStore>(server.store());
  model::SetQueueAttributesRequest set;
  set.queue_url = url;
  set.attributes.emplace().emplace("DelaySeconds", "7");
  auto first = server.begin(model::kSetQueueAttributes, set);
  set.attributes.emplace().emplace("VisibilityTimeout", "9");
  auto second = server.begin(model::kSetQueueAttributes, set);
  model::TagQueueRequest tag;
  tag.queue_url = url;
  tag.tags.emplace().emplace("k", "v");
  auto third = server.begin(model::kTagQueue, tag);
  model::DeleteQueueRequest removal;
  removal.queue_url = url;
  server.settle();
  held->release();
  EXPECT_EQ(error_of(first.get()) + error_of(second.get()) + error_of(third.get()), "");
  server.restart();
  auto all = server.attributes(url);
  EXPECT_EQ(all["DelaySeconds"] + " " + all["VisibilityTimeout"], "7 9");
}

TEST(Queues, AChangeBehindADeletionBringsNothingBack) {
  TestServer server;
  const std::string url = server.create("q");
  auto held = std::make_unique<HeldStore>(server.store());
  model::DeleteQueueRequest removal;
  removal.queue_url = url;
  model::TagQueueRequest tag;
  tag.queue_url = url;
  tag.tags.emplace().emplace("k", "v");
  auto tagged_before = server.begin(model::kTagQueue, tag);
  auto removed = server.begin(model::kDeleteQueue, removal);
  server.settle();
  held->release();
  EXPECT_EQ(error_of(tagged_before.get()) + error_of(removed.get()), "");
  server.restart();
  model::GetQueueUrlRequest request;
  request.queue_name = "q";
  EXPECT_EQ(code_of(server.call(model::kGetQueueUrl, request)), "QueueDoesNotExist");
}

TEST(Queues, ASecondCreationWaitsForTheFirst) {
  TestServer server;
  auto held = std::make_unique<HeldStore>(server.store());
  model::CreateQueueRequest request;
  request.queue_name = "q";
  auto first = server.begin(model::kCreateQueue, request);
  auto second = server.begin(model::kCreateQueue, request);
  server.settle();
  EXPECT_EQ(second.wait_for(seconds(0)), std::future_status::timeout);
  held->release();
  EXPECT_EQ(error_of(first.get()) + error_of(second.get()), "");
}

}  // namespace
}  // namespace signalbox::sqs
