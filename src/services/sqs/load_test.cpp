// What stops the start: records that cannot be read.

#include "services/sqs/test_server.h"

namespace signalbox::sqs {
namespace {

/// The service, whose load may fail without failing the house's start.
class Attempt final : public cloud::Service {
 public:
  Attempt(cloud::House& house, std::string& said) : sqs_(house), said_(said) {}
  Result<void> load() override {
    said_ = error_of(sqs_.load());
    return {};
  }
  void drain() override { sqs_.drain(); }

 private:
  Sqs sqs_;
  std::string& said_;
};

/// What the service says of a store that has `value` under `key`, beside a queue numbered 7 with a message 9.
std::string load_with(std::string_view key, const std::string& value) {
  std::string said;
  cloud::TestHouse house([&said](cloud::House& with) {
    std::vector<std::unique_ptr<cloud::Service>> services;
    services.push_back(std::make_unique<Attempt>(with, said));
    return services;
  });
  Queue queue({kHere, "q"}, 7, house.house().shards.at(0), house.house().measures);
  StoredMessage message;
  message.id = message.body = "x";
  message.attributes["name"].data_type = "String";
  message.attributes["name"].string_value = "value";
  store::Batch batch;
  batch.put(queue_key(queue.name), store::encode(record_of(queue)));
  batch.put(message_key(queue, 9), encode_message(message));
  batch.put(lease_key(queue, 9), encode_lease({}));
  batch.put(key, value == "cut" ? encode_message(message).substr(0, 30) : value);
  house.store().commit_later(std::move(batch));
  house.restart();
  return said;
}

TEST(Messages, ABrokenRecordStopsTheStartByName) {
  using store::Key;
  const std::string queue = TestServer::arn("q");
  const Key queue_record = Key(kQueueSpace).text(kHere.account).text(kHere.region).text("q");
  EXPECT_EQ(load_with("unrelated", "anything"), "");
  for (const char* rubbish :
       {"", "\x01", "\x01rubbish", "\x02", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"}) {
    EXPECT_EQ(load_with(queue_record, rubbish),
              "StoreError: The record of the queue " + queue + " in the store cannot be read.");
    EXPECT_EQ(load_with(Key(kMessageSpace).number(7).number(9), rubbish),
              "StoreError: The message record 9 of the queue " + queue + " in the store cannot be read.");
    EXPECT_EQ(load_with(Key(kLeaseSpace).number(7).number(9), rubbish),
              "StoreError: The lease record 9 of the queue " + queue + " in the store cannot be read.");
    EXPECT_EQ(load_with(Key(kDeduplicationSpace).number(7).text("id"), rubbish),
              "StoreError: The deduplication record id of the queue " + queue + " in the store cannot be read.");
    EXPECT_EQ(load_with(Key(kMoveTaskSpace).text("id"), rubbish),
              "StoreError: The record of the message move task id in the store cannot be read.");
  }
  EXPECT_EQ(load_with(Key(kMessageSpace).number(7).number(9), "cut"),
            "StoreError: The message record 9 of the queue " + queue + " in the store cannot be read.");
  EXPECT_EQ(load_with(queue_record.bytes() + "x", "anything"),
            "StoreError: The key of a queue record in the store cannot be read.");
}

}  // namespace
}  // namespace signalbox::sqs
