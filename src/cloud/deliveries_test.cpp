#include "cloud/deliveries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <stdexcept>

#include "cloud/testing/house.h"
#include "cloud/wait.h"

namespace signalbox::cloud {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Outcome = Attempt::Outcome;

const std::string kTarget = "arn:aws:test:us-east-1:123456789012:thing/a";
const std::string kOther = "arn:aws:test:us-east-1:123456789012:thing/b";
const std::string kDead = "arn:aws:sqs:us-east-1:123456789012:dead";

/// What the targets of a test received and how they answer; outlives restarts.
struct Script {
  std::mutex mutex;
  std::map<std::string, std::vector<std::string>> received;
  std::vector<std::string> dead;
  Attempt answer;           // to all but kOther's, which are delivered
  std::size_t hanging = 0;  // attempts at targets whose names end in "/slow": they wait for ever
  std::int64_t rate = 0;

  std::vector<std::string> at(const std::string& target) {
    const std::lock_guard lock(mutex);
    return received[target];
  }
  void answer_with(Attempt with) {
    const std::lock_guard lock(mutex);
    answer = std::move(with);
  }
};

class ScriptedTarget final : public OutsideTarget {
 public:
  ScriptedTarget(Script& script, Deliveries& deliveries) : OutsideTarget(deliveries), script_(script) {}
  Result<void> check(const Arn&, const TargetParameters&) const override { return {}; }
  asio::awaitable<Attempt> attempt(std::string target, const Delivery& delivery, Shard& shard) override {
    if (target.ends_with("/slow")) {
      {
        const std::lock_guard lock(script_.mutex);
        ++script_.hanging;
      }
      Wait wait(shard);
      co_await wait.until(Time::max());
    }
    const std::lock_guard lock(script_.mutex);
    script_.received[target].push_back(delivery.payload);
    if (delivery.payload == "throw") throw std::runtime_error("a test's");
    if (target == kOther) co_return Attempt{};
    co_return script_.answer;
  }
  std::int64_t rate(const std::string&) const override { return script_.rate; }

 private:
  Script& script_;
};

/// Stands for the queues: keeps dead letters.
class Graves final : public EventTarget {
 public:
  explicit Graves(Script& script) : script_(script) {}
  Result<void> check(const Arn&, const TargetParameters&) const override { return {}; }
  asio::awaitable<Appended> append(std::string, std::vector<EventDelivery> letters, store::Batch& batch) override {
    batch.put("grave", "");
    co_return Appended{[this, letters = std::move(letters)](bool committed) {
                         if (!committed) return;
                         const std::lock_guard lock(script_.mutex);
                         for (const EventDelivery& letter : letters) {
                           std::string text = letter.payload;
                           for (const auto& [name, value] : letter.attributes) text += "|" + name + "=" + value;
                           script_.dead.push_back(text);
                         }
                       },
                       {}};
  }

 private:
  Script& script_;
};

class DeliveriesTest : public ::testing::Test {
 protected:
  void put(const std::string& target, std::vector<std::string> payloads, DeliveryPolicy policy = {}) {
    begin(target, std::move(payloads), std::move(policy));
    rest();
  }
  void begin(const std::string& target, std::vector<std::string> payloads, DeliveryPolicy policy = {}) {
    auto* kind = dynamic_cast<OutsideTarget*>(house_.house().event_targets.find(*Arn::parse(target)));
    const auto shared = std::make_shared<const DeliveryPolicy>(std::move(policy));
    std::vector<EventDelivery> deliveries;
    for (std::string& payload : payloads) {
      deliveries.push_back({std::move(payload), "", ""});
      deliveries.back().policy = shared;
    }
    store::Batch batch;
    const AfterCommit after = house_.house().deliveries.append(*kind, target, std::move(deliveries), batch);
    const auto committed =
        asio::co_spawn(house_.house().shards.at(0).loop(), house_.store().commit(std::move(batch)), asio::use_future)
            .get();
    ASSERT_TRUE(committed);
    after(true);
  }

  /// Returns when no attempt is under way and none can begin before the clock moves.
  void rest() {
    for (int quiet = 0; quiet < 3; ++quiet) {
      house_.settle();
      Shards& shards = house_.house().shards;
      for (std::size_t i = 0; i < shards.count(); ++i) {
        if (shards.at(i).working()) quiet = -1;
      }
    }
  }

  void advance(Duration by) {
    house_.advance(by);
    rest();
  }

  /// Deliveries that the store still has.
  std::size_t waiting() {
    std::size_t count = 0;
    const store::Key all(kDeliverySpace);
    EXPECT_TRUE(house_.store().read()->scan(all, all.end(), [&](std::string_view, std::string_view) {
      ++count;
      return true;
    }));
    return count;
  }

  Script script_;
  TestHouse house_{[this](House& house) {
    house.event_targets.add("test:thing", std::make_unique<ScriptedTarget>(script_, house.deliveries));
    house.event_targets.add("sqs", std::make_unique<Graves>(script_));
    return std::vector<std::unique_ptr<Service>>();
  }};
};

TEST_F(DeliveriesTest, DeliversEachOnceAndForgetsIt) {
  put(kTarget, {"1", "2", "3"});
  EXPECT_THAT(script_.at(kTarget), ElementsAre("1", "2", "3"));
  EXPECT_EQ(waiting(), 0U);
  house_.restart();
  rest();
  EXPECT_THAT(script_.at(kTarget), SizeIs(3));
}

TEST_F(DeliveriesTest, TriesAgainLaterAndLaterAndAfterARestart) {
  script_.answer_with({Outcome::kRetry, "TIMEOUT", "too slow"});
  put(kTarget, {"1"});
  EXPECT_THAT(script_.at(kTarget), SizeIs(1));
  advance(std::chrono::milliseconds(400));
  EXPECT_THAT(script_.at(kTarget), SizeIs(1));
  advance(std::chrono::milliseconds(600));
  EXPECT_THAT(script_.at(kTarget), SizeIs(2));
  advance(std::chrono::milliseconds(900));
  EXPECT_THAT(script_.at(kTarget), SizeIs(2));
  house_.restart();
  advance(std::chrono::milliseconds(1100));
  EXPECT_THAT(script_.at(kTarget), SizeIs(3));
  script_.answer_with({});
  advance(std::chrono::seconds(4));
  EXPECT_THAT(script_.at(kTarget), SizeIs(4));
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(DeliveriesTest, WaitsAsLongAsTheTargetAsks) {
  script_.answer_with({Outcome::kRetry, "ERROR_FROM_TARGET", "busy", std::chrono::seconds(30)});
  put(kTarget, {"1"});
  advance(std::chrono::seconds(29));
  EXPECT_THAT(script_.at(kTarget), SizeIs(1));
  advance(std::chrono::seconds(1));
  EXPECT_THAT(script_.at(kTarget), SizeIs(2));
}

TEST_F(DeliveriesTest, GivesUpAfterTheRetriesOfThePolicy) {
  script_.answer_with({Outcome::kRetry, "ERROR_FROM_TARGET", "HTTP status 500"});
  put(kTarget, {"1"}, {"RULE_ARN", "arn:rule", kDead, "", 2});
  for (int i = 0; i < 4; ++i) advance(std::chrono::seconds(10));
  EXPECT_THAT(script_.at(kTarget), SizeIs(3));
  EXPECT_THAT(script_.dead, ElementsAre("1|RULE_ARN=arn:rule|TARGET_ARN=" + kTarget +
                                        "|ERROR_CODE=ERROR_FROM_TARGET|ERROR_MESSAGE=HTTP status 500"
                                        "|EXHAUSTED_RETRY_CONDITION=MaximumRetryAttempts|RETRY_ATTEMPTS=2"));
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(DeliveriesTest, GivesUpWhenTheEventIsTooOldAlsoWhileDown) {
  script_.answer_with({Outcome::kRetry, "TIMEOUT", "too slow"});
  put(kTarget, {"1"}, {"RULE_ARN", "arn:rule", kDead, "", 185, std::chrono::seconds(60)});
  house_.stop_then([this] { house_.clock.advance(std::chrono::seconds(61)); });
  house_.advance(Duration(0));
  rest();
  EXPECT_THAT(script_.at(kTarget), SizeIs(1));
  ASSERT_THAT(script_.dead, SizeIs(1));
  EXPECT_THAT(script_.dead.front(), HasSubstr("EXHAUSTED_RETRY_CONDITION=MaximumEventAgeInSeconds|RETRY_ATTEMPTS=1"));
}

TEST_F(DeliveriesTest, GivesUpAtOnceWhereItIsForNothing) {
  script_.answer_with({Outcome::kFailed, "NO_RESOURCE", "gone"});
  put(kTarget, {"1"}, {"RULE_ARN", "arn:rule", kDead});
  put(kTarget, {"2"});
  ASSERT_THAT(script_.dead, SizeIs(1));
  EXPECT_THAT(script_.dead.front(), HasSubstr("|ERROR_CODE=NO_RESOURCE|ERROR_MESSAGE=gone|RETRY_ATTEMPTS=0"));
  EXPECT_EQ(waiting(), 0U);
  EXPECT_THAT(house_.metrics.expose(), HasSubstr("signalbox_delivery_dropped_total 1"));
}

TEST_F(DeliveriesTest, ManyMoreThanFitInMemoryAreAllDeliveredInOrder) {
  script_.answer_with({Outcome::kRetry, "TIMEOUT", "too slow"});
  std::vector<std::string> payloads;
  for (std::size_t i = 0; i < 3 * Deliveries::kWindow + 7; ++i) payloads.push_back(std::to_string(i));
  put(kTarget, payloads);
  EXPECT_THAT(script_.at(kTarget), SizeIs(payloads.size()));
  EXPECT_EQ(waiting(), payloads.size());
  put(kOther, {"unhindered"});
  EXPECT_THAT(script_.at(kOther), ElementsAre("unhindered"));
  house_.restart();
  script_.answer_with({});
  advance(std::chrono::seconds(5));
  EXPECT_EQ(waiting(), 0U);
  auto all = script_.at(kTarget);
  ASSERT_THAT(all, SizeIs(2 * payloads.size()));
  std::ranges::sort(all);
  const auto twice = std::ranges::unique(all);
  EXPECT_EQ(static_cast<std::size_t>(twice.begin() - all.begin()), payloads.size());
}

TEST_F(DeliveriesTest, KeepsToTheRateOfTheTarget) {
  script_.rate = 10;
  std::vector<std::string> payloads(25, "x");
  put(kTarget, payloads);
  EXPECT_THAT(script_.at(kTarget), SizeIs(10));
  advance(std::chrono::milliseconds(999));
  EXPECT_THAT(script_.at(kTarget), SizeIs(10));
  advance(std::chrono::milliseconds(1));
  EXPECT_THAT(script_.at(kTarget), SizeIs(20));
  advance(std::chrono::seconds(1));
  EXPECT_THAT(script_.at(kTarget), SizeIs(25));
}

TEST_F(DeliveriesTest, ThoseThatHangLeaveRoomForAllOthers) {
  const std::string prefix = "arn:aws:test:us-east-1:123456789012:thing/";
  const auto hanging = [this] {
    const std::lock_guard lock(script_.mutex);
    return script_.hanging;
  };
  Shards& shards = house_.house().shards;
  // More lanes than fill the shard of kOther, each with as much as it may have at once, and as much again.
  std::size_t lanes = 0;
  for (int i = 0; lanes < 300; ++i) {
    const std::string target = prefix + std::to_string(i) + "/slow";
    if (&shards.owner(target) != &shards.owner(kOther)) continue;
    ++lanes;
    begin(target, std::vector<std::string>(16, "x"));
  }
  house_.settle();
  EXPECT_GE(hanging(), Deliveries::kMaxAtOnceOfShard);
  EXPECT_LE(hanging(), Deliveries::kHardLimitOfShard);
  begin(kOther, {"unhindered"});
  house_.settle();
  house_.settle();
  EXPECT_THAT(script_.at(kOther), ElementsAre("unhindered"));
  house_.restart();
}

TEST_F(DeliveriesTest, WhatCannotBeReadIsOutOfTheWayAndKept) {
  script_.answer_with({Outcome::kRetry, "TIMEOUT", "too slow"});
  put(kTarget, {"1"});
  house_.stop_then([] {});
  DeliveryPlace place{house_.clock.now(), 1};
  store::Batch batch;
  batch.put(delivery_key(kTarget, place), "rubbish");
  house_.store().commit_later(std::move(batch));
  house_.restart();
  rest();
  EXPECT_EQ(waiting(), 1U);
  EXPECT_EQ(*house_.store().get(unreadable_delivery_key(kTarget, place)), "rubbish");
}

TEST_F(DeliveriesTest, AnAttemptThatThrowsIsTriedAgain) {
  put(kTarget, {"throw"});
  advance(std::chrono::seconds(1));
  EXPECT_THAT(script_.at(kTarget), SizeIs(2));
  EXPECT_EQ(waiting(), 1U);
}

TEST(DeliveryRecord, ReadsBackWhatItWrote) {
  Delivery delivery;
  delivery.payload = "p";
  delivery.event = "e";
  delivery.http = {{"a", "b"}, {{"H", "1"}}, {{"q", "2"}}};
  delivery.policy = {"RULE_ARN", "rule", "queue", "t", 7, std::chrono::seconds(61)};
  delivery.begun = Time(Duration(5));
  delivery.attempts = 3;
  delivery.last_code = "TIMEOUT";
  const std::string bytes = store::encode(delivery);
  const auto read = store::decode<Delivery>(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(store::encode(*read), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(store::decode<Delivery>(std::string_view(bytes).substr(0, size))) << size;
  }
  const auto name = read_delivery_key(delivery_key("t", {Time(Duration(9)), 4}).bytes());
  ASSERT_TRUE(name);
  EXPECT_EQ(name->target, "t");
  EXPECT_EQ(name->place, (DeliveryPlace{Time(Duration(9)), 4}));
}

}  // namespace
}  // namespace signalbox::cloud
