// What shards do with what throws, with what is due in another age, and with what still waits when they end.
#include "cloud/shards.h"

#include <gtest/gtest.h>

#include <boost/asio/use_future.hpp>
#include <future>
#include <stdexcept>

#include "base/spawn.h"
#include "cloud/testing/recorded_log.h"
#include "cloud/turns.h"
#include "cloud/wait.h"

namespace signalbox::cloud {
namespace {

class ShardsTest : public testing::Test {
 protected:
  ShardsTest() { shards_.start(); }
  Shard& shard() { return shards_.at(0); }
  void settle() {
    for (std::size_t i = 0; i < shards_.count(); ++i) {
      std::promise<void> reached;
      shards_.at(i).post([&reached] { reached.set_value(); });
      reached.get_future().wait();
    }
  }

  /// What escaped is told after some rounds of the loop.
  bool is_told(std::string_view text) {
    for (int rounds = 0; rounds < 100 && !log_.has(text); ++rounds) settle();
    return log_.has(text);
  }

  const SystemClock clock_;
  RecordedLog log_;
  Shards shards_{2, clock_, log_};
};

asio::awaitable<void> throwing() {
  throw std::runtime_error("a test's");
  co_return;
}

TEST_F(ShardsTest, WhatEscapesIsLoggedAndCountsAsDone) {
  shard().post([this] { shard().spawn("some.work", throwing()); });
  EXPECT_TRUE(is_told("what=some.work why=a test's"));
  EXPECT_FALSE(shard().working());
  shard().post([this] { shard().spawn_waiting("other.work", throwing()); });
  EXPECT_TRUE(is_told("what=other.work why=a test's"));
}

TEST_F(ShardsTest, ALoopOutlivesWhatItsHandlersThrow) {
  shard().post([] { throw std::runtime_error("from a post"); });
  settle();
  EXPECT_TRUE(log_.has("why=from a post"));
  std::promise<void> second;
  shard().post([&] {
    shard().alarms().set(clock_.now(), [] { throw std::runtime_error("from an alarm"); });
    shard().alarms().set(clock_.now() + Duration(1), [&second] { second.set_value(); });
  });
  second.get_future().wait();
  EXPECT_TRUE(log_.has("why=from an alarm"));
}

TEST_F(ShardsTest, WhatIsDueInAnotherAgeDoesNotFireNow) {
  const Time far = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31);
  std::atomic<int> fired = 0;
  std::promise<void> soon;
  shard().post([&] {
    shard().alarms().set(far, [&fired] { ++fired; });
    shard().alarms().set(clock_.now() + Duration(20), [&soon] { soon.set_value(); });
  });
  soon.get_future().wait();
  EXPECT_EQ(fired.load(), 0);
  Wait wait(shard());
  auto waited = asio::co_spawn(shard().loop(), wait.until(far), asio::use_future);
  settle();
  EXPECT_EQ(waited.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  shard().post([&wait] { wait.wake(); });
  EXPECT_TRUE(waited.get());
}

TEST_F(ShardsTest, WhatWaitsIsLetGoWhileAllThatItRefersToIsThere) {
  int under_way = 0;
  std::list<Wait*> places;
  const auto there = [&]() -> asio::awaitable<void> {
    const Counted counted(under_way);
    Wait wait(shards_.at(1));
    const Listed listed(places, &wait);
    co_await wait.until(clock_.now() + std::chrono::hours(1));
  };
  const auto work = [&]() -> asio::awaitable<void> {
    const Counted counted(under_way);
    co_await on(shards_.at(1), there);
  };
  shard().spawn_waiting("work", work());
  settle();
  settle();
  EXPECT_EQ(under_way, 2);
  shards_.stop();
  shards_.abandon();
  EXPECT_EQ(under_way, 0);
  EXPECT_TRUE(places.empty());
}

TEST_F(ShardsTest, ThoseInLineForATurnAreLetGoToo) {
  Turns turns;
  int in_line = 0;
  const auto work = [&]() -> asio::awaitable<void> {
    const Counted counted(in_line);
    const auto turn = co_await turns.take();
    Wait wait(shard());
    co_await wait.until(clock_.now() + std::chrono::hours(1));
  };
  for (int i = 0; i < 3; ++i) shard().spawn_waiting("work", work());
  settle();
  EXPECT_EQ(in_line, 3);
  shards_.stop();
  shards_.abandon();
  EXPECT_EQ(in_line, 0);
}

TEST_F(ShardsTest, TurnsGoToThoseInLineInTheirOrder) {
  Turns turns;
  std::string order;
  std::promise<void> last;
  const auto work = [&](char name) -> asio::awaitable<void> {
    const auto turn = co_await turns.take();
    order.push_back(name);
    co_await asio::post(shard().loop(), asio::use_awaitable);
    order.push_back(name);
    if (name == 'c') last.set_value();
  };
  shard().post([&] {
    for (const char name : {'a', 'b', 'c'}) shard().spawn_waiting("work", work(name));
  });
  last.get_future().wait();
  settle();
  EXPECT_EQ(order, "aabbcc");
}

}  // namespace
}  // namespace signalbox::cloud
