#include "base/distribution.h"

#include <gtest/gtest.h>

#include <cmath>

namespace signalbox {
namespace {

TEST(Distribution, IsExactWhileThereAreFewValues) {
  Distribution d;
  EXPECT_TRUE(d.empty());
  for (int i = 0; i < 3; ++i) d.add(5);
  d.add(-2.5, 4);
  EXPECT_EQ(d.count(), 7);
  EXPECT_EQ(d.sum(), 5);
  EXPECT_EQ(d.minimum(), -2.5);
  EXPECT_EQ(d.maximum(), 5);
  ASSERT_EQ(d.bins().size(), 2U);
  EXPECT_EQ(d.bins()[0].value, -2.5);
  EXPECT_EQ(d.bins()[0].count, 4);
  EXPECT_EQ(d.bins()[1].count, 3);
}

TEST(Distribution, StaysBoundedAndNear) {
  Distribution d;
  for (int i = 1; i <= 100'000; ++i) d.add(i * 0.37);
  EXPECT_LE(d.bins().size(), Distribution::kMaxBins);
  EXPECT_EQ(d.count(), 100'000);
  EXPECT_EQ(d.maximum(), 37'000);
  double below = 0;
  for (const auto& bin : d.bins()) {
    below += bin.count;
    if (below < 1000) continue;
    EXPECT_NEAR(bin.value / (below * 0.37), 1, 0.021);  // a bucket's value against its upper end
  }
  EXPECT_EQ(below, 100'000);
}

TEST(Distribution, HoldsTheFarthestValues) {
  Distribution d;
  for (double v = 1e-300; v < 1e300; v *= 1.7) {
    d.add(v);
    d.add(-v);
  }
  d.add(0);
  EXPECT_LE(d.bins().size(), Distribution::kMaxBins);
  double total = 0;
  double before = -INFINITY;
  for (const auto& bin : d.bins()) {
    EXPECT_TRUE(std::isfinite(bin.value));
    EXPECT_LT(before, bin.value);
    before = bin.value;
    total += bin.count;
  }
  EXPECT_EQ(total, d.count());
}

TEST(Distribution, AddsUp) {
  Distribution few;
  few.add(1);
  few.add(2);
  Distribution many;
  for (int i = 1; i <= 500; ++i) many.add(i);
  Distribution all;
  all.add(few);
  all.add(many);
  EXPECT_EQ(all.count(), 502);
  EXPECT_EQ(all.sum(), 3 + 500 * 501 / 2);
  EXPECT_TRUE(all.has_values());
  all.add_statistics(10, 20, 1, 9);
  EXPECT_FALSE(all.has_values());
  EXPECT_EQ(all.count(), 512);
  EXPECT_TRUE(all.bins().empty());
  Distribution one;
  one.add_statistics(3, 6, 2, 2);
  ASSERT_TRUE(one.has_values());
  EXPECT_EQ(one.bins()[0].count, 3);
}

TEST(Distribution, ReadsBackWhatItWrote) {
  Distribution d;
  for (int i = 0; i < 300; ++i) d.add(std::exp(i * 0.05));
  std::string bytes;
  d.append_to(bytes);
  d.append_to(bytes);
  std::string_view rest = bytes;
  Distribution back;
  ASSERT_TRUE(back.read_from(rest));
  ASSERT_TRUE(back.read_from(rest));
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(back.sum(), d.sum());
  back.add(1.0);
  EXPECT_EQ(back.bins().size(), d.bins().size());
  std::string_view cut = std::string_view(bytes).substr(0, 40);
  EXPECT_FALSE(back.read_from(cut));
}

}  // namespace
}  // namespace signalbox
