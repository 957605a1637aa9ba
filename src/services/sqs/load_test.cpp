// What stops the start: records that cannot be read.

#include "services/sqs/test_server.h"

namespace signalbox::sqs {
namespace {

/// What the service says of a store that has `value` under `key`, beside a queue numbered 7 with a message 9.
std::string load_with(std::string_view key, const std::string& value) {
  cloud::TemporaryFolder folder;
  Metrics metrics;
  QuietLog log;
  auto store = store::open_rocksdb({folder.path(), store::Durability::kMemory}, metrics, log);
  EXPECT_TRUE(store);
  VirtualClock clock{Time()};
  cloud::Shards shards(1, clock);
  cloud::Measures measures(clock);
  Queue queue({kHere, "q"}, 7, shards.at(0), measures);
  StoredMessage message;
  message.id = message.body = "x";
  message.attributes["name"].data_type = "String";
  message.attributes["name"].string_value = "value";
  store::Batch batch;
  batch.put(queue_key(queue.name), encode_queue(queue));
  batch.put(message_key(queue, 9), encode_message(message));
  batch.put(lease_key(queue, 9), encode_lease({}));
  batch.put(key, value == "cut" ? encode_message(message).substr(0, 30) : value);
  (*store)->commit_later(std::move(batch));
  EXPECT_TRUE((*store)->close());
  store->reset();
  store = store::open_rocksdb({folder.path(), store::Durability::kMemory}, metrics, log);
  EXPECT_TRUE(store);
  cloud::Door door(metrics);
  store::Timers timers(**store, shards.at(0).alarms());
  cloud::EventTargets targets;
  cloud::PipeEnds pipe_ends;
  SystemRandom random;
  cloud::ServiceEvents service_events(**store);
  cloud::Tap tap(shards, clock, random);
  cloud::Deliveries deliveries({**store, shards, targets, tap, clock, random, log, metrics});
  cloud::Clients clients(shards, {});
  const Sealer sealer{Sealer::Key{}};
  cloud::House house{**store, timers, shards, door,   targets, service_events, measures, deliveries, clients,
                     tap,     sealer, clock,  random, log,     metrics,        pipe_ends};
  Sqs sqs(house);
  return error_of(sqs.load());
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
