#include "cloud/measures.h"

#include <gtest/gtest.h>

#include <thread>

namespace signalbox::cloud {
namespace {

const MetricId kSent{{"123456789012", "us-east-1"}, "AWS/SQS", "NumberOfMessagesSent", {{"QueueName", "q"}}};

TEST(Measures, GatherNothingWhereNobodyKeepsThem) {
  VirtualClock clock{Time{}};
  Measures measures(clock);
  measures.record(kSent, "Count", 1);
  EXPECT_TRUE(measures.take().empty());
}

TEST(Measures, GatherUntilTaken) {
  VirtualClock clock{Time(std::chrono::seconds(100))};
  Measures measures(clock);
  int began = 0;
  measures.keep([&] { ++began; });
  const MeasurePtr sent = measures.make(kSent, "Count");
  sent->add(1);
  clock.advance(std::chrono::seconds(7));
  sent->add(2, 3);
  measures.record(kSent, "Count", 9);
  EXPECT_EQ(began, 1);
  const auto taken = measures.take();
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].id, kSent);
  EXPECT_EQ(taken[0].unit, "Count");
  EXPECT_EQ(taken[0].time, Time(std::chrono::seconds(100)));
  EXPECT_EQ(taken[0].samples.count(), 4);
  EXPECT_EQ(taken[0].samples.sum(), 7);
  EXPECT_EQ(taken[1].samples.maximum(), 9);
  EXPECT_TRUE(measures.take().empty());
  sent->add(1);
  EXPECT_EQ(began, 2);
  EXPECT_EQ(measures.take().size(), 1U);
}

TEST(Measures, LoseNothingBetweenThreads) {
  VirtualClock clock{Time{}};
  Measures measures(clock);
  measures.keep([] {});
  const MeasurePtr sent = measures.make(kSent, "Count");
  const auto add = [&] {
    for (int i = 0; i < 20'000; ++i) sent->add(1);
  };
  double total = 0;
  const auto take = [&] {
    for (const auto& one : measures.take()) total += one.samples.sum();
  };
  std::thread a(add);
  std::thread b(add);
  for (int i = 0; i < 100; ++i) take();
  a.join();
  b.join();
  take();
  EXPECT_EQ(total, 40'000);
}

}  // namespace
}  // namespace signalbox::cloud
