#include "cloud/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cloud/testing/house.h"

namespace signalbox::cloud {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Letter = Outbox::Failure::Letter;

const std::string kFirst = "arn:aws:test:us-east-1:123456789012:thing/a";
const std::string kSecond = "arn:aws:test:us-east-1:123456789012:thing/b";
const std::string kDead = "arn:aws:sqs:us-east-1:123456789012:dead";
const std::string kFull = "arn:aws:sqs:us-east-1:123456789012:full";
const std::string kRule = "arn:aws:events:us-east-1:123456789012:rule/r";

/// Takes all but payloads "bad", and all but queues named "full". Lines say what came, in order: "NAME PAYLOAD".
class Taker final : public EventTarget {
 public:
  explicit Taker(std::vector<std::string>& lines) : lines_(lines) {}
  Result<void> check(const Arn&, const TargetParameters&) const override { return {}; }
  asio::awaitable<Appended> append(std::string target, std::vector<EventDelivery> deliveries,
                                   store::Batch& batch) override {
    Appended appended;
    const std::string name = target.substr(target.find_last_of(":/") + 1);
    for (std::size_t i = 0; i < deliveries.size(); ++i) {
      if (deliveries[i].payload == "bad" || name == "full") {
        appended.undelivered.push_back({i, "INVALID_PARAMETER", "not that"});
        continue;
      }
      if (name == "dead") letters.push_back(deliveries[i]);
      lines_.push_back(name + " " + deliveries[i].payload);
      batch.put("test " + lines_.back(), "");
    }
    appended.after = [this, name](bool committed) { lines_.push_back(name + (committed ? " kept" : " dropped")); };
    co_return appended;
  }
  static inline std::vector<EventDelivery> letters;

 private:
  std::vector<std::string>& lines_;
};

class OutboxTest : public ::testing::Test {
 protected:
  EventTarget* target() { return house_.house().event_targets.find(*Arn::parse(kFirst)); }

  static EventDelivery delivery(std::string payload, const std::string& queue = "", const std::string& kind = "") {
    EventDelivery one;
    one.payload = std::move(payload);
    auto policy = std::make_shared<DeliveryPolicy>();
    policy->source_kind = kind;
    policy->source = kRule;
    policy->dead_letter_queue = queue;
    one.policy = std::move(policy);
    return one;
  }

  Result<std::vector<Outbox::Failure>> commit(Outbox& outbox) {
    return asio::co_spawn(house_.house().shards.at(0).loop(), outbox.commit(), asio::use_future).get();
  }

  std::vector<std::string> lines_;
  TestHouse house_{[this](House& house) {
    Taker::letters.clear();
    house.event_targets.add("test", std::make_unique<Taker>(lines_));
    house.event_targets.add("sqs", std::make_unique<Taker>(lines_));
    return std::vector<std::unique_ptr<Service>>();
  }};
};

TEST_F(OutboxTest, AppendsTargetByTargetAndSettlesOnce) {
  Outbox outbox(house_.house(), {.service = "events.amazonaws.com"});
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.add(target(), kSecond, delivery("1")), 0U);
  EXPECT_EQ(outbox.add(target(), kFirst, delivery("2")), 1U);
  EXPECT_EQ(outbox.add(target(), kSecond, delivery("3")), 2U);
  const auto failures = commit(outbox);
  ASSERT_TRUE(failures);
  EXPECT_THAT(*failures, IsEmpty());
  EXPECT_THAT(lines_, ElementsAre("a 2", "b 1", "b 3", "a kept", "b kept"));
  EXPECT_TRUE(*house_.store().get("test a 2"));
}

TEST_F(OutboxTest, WhatIsNotTakenGoesToItsDeadLetterQueue) {
  Outbox outbox(house_.house(), {.service = "events.amazonaws.com"});
  outbox.add(target(), kFirst, delivery("1", kDead, "RULE_ARN"));
  EventDelivery changed = delivery("bad", kDead, "RULE_ARN");
  changed.event = "the event";
  outbox.add(target(), kFirst, std::move(changed));
  outbox.add(target(), kFirst, delivery("bad", kFull, "RULE_ARN"));
  outbox.add(target(), kFirst, delivery("bad"));
  outbox.add(nullptr, kSecond, delivery("2", kDead));
  outbox.add_failed(kSecond, delivery("3", kDead), "TOO_OLD", "much");
  const auto failures = commit(outbox);
  ASSERT_TRUE(failures);
  std::map<std::size_t, Letter> letters;
  for (const auto& failure : *failures) {
    letters[failure.delivery] = failure.letter;
    EXPECT_EQ(failure.source, kRule);
  }
  EXPECT_EQ(letters,
            (std::map<std::size_t, Letter>{
                {1, Letter::kSent}, {2, Letter::kLost}, {3, Letter::kNone}, {4, Letter::kSent}, {5, Letter::kSent}}));
  EXPECT_THAT(lines_, ElementsAre("a 1", "dead 3", "dead the event", "dead 2", "a kept", "dead kept", "full kept"));
  ASSERT_EQ(Taker::letters.size(), 3U);
  EXPECT_THAT(Taker::letters[1].attributes,
              ElementsAre(std::pair("RULE_ARN", kRule), std::pair("TARGET_ARN", kFirst),
                          std::pair("ERROR_CODE", "INVALID_PARAMETER"), std::pair("ERROR_MESSAGE", "not that")));
  // A policy that names no source has the delivery as the target would have had it.
  EXPECT_THAT(Taker::letters[2].attributes, IsEmpty());
}

TEST_F(OutboxTest, ACommitThatDoesNotHappenIsSettledAsThat) {
  const auto work = [&]() -> asio::awaitable<void> {
    Outbox outbox(house_.house(), {.service = "events.amazonaws.com"});
    outbox.add(target(), kFirst, delivery("1"));
    store::Batch batch;
    Settlement settlement;
    co_await outbox.append(batch, settlement);
    Settlement moved = std::move(settlement);
  };
  asio::co_spawn(house_.house().shards.at(0).loop(), work, asio::use_future).get();
  EXPECT_THAT(lines_, ElementsAre("a 1", "a dropped"));
}

}  // namespace
}  // namespace signalbox::cloud
