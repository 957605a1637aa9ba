#include "services/cloudwatch/statistic.h"

#include <gtest/gtest.h>

namespace signalbox::cloudwatch {
namespace {

Distribution one_to(int last) {
  Distribution samples;
  for (int i = 1; i <= last; ++i) samples.add(i);
  return samples;
}

TEST(Statistic, IsComputed) {
  const Distribution hundred = one_to(100);
  struct {
    const char* text;
    double value;
  } cases[] = {
      {"SampleCount", 100},  {"Average", 50.5},   {"Sum", 5050},
      {"Minimum", 1},        {"Maximum", 100},    {"p50", 50},
      {"p99", 99},           {"p99.9", 100},      {"p0", 1},
      {"p100", 100},         {"tm90", 45.5},      {"TM(10%:90%)", 50.5},
      {"TM(:50)", 25.5},     {"TM(50:)", 75.5},   {"IQM", 50.5},
      {"tc90", 90},          {"TC(80:500)", 20},  {"ts10", 55},
      {"TS(95%:100%)", 490}, {"PR(:30)", 30},     {"PR(10:30)", 20},
      {"wm90", 49.95},       {"WM(10%:)", 50.95},
  };
  for (const auto& c : cases) {
    const auto statistic = Statistic::parse(c.text);
    ASSERT_TRUE(statistic) << c.text;
    EXPECT_NEAR(statistic->of(hundred).value_or(-1), c.value, 1e-9) << c.text;
  }
}

TEST(Statistic, OfWhatIsNotOneIsRefused) {
  for (const char* text : {"", "average", "p", "p101", "p-1", "px", "tm", "tm101", "TM(", "TM()", "TM(:)", "TM(5)",
                           "TM(10%:5)", "TM(90%:10%)", "PR(10%:20%)", "pr50", "q5", "TM(nan:)", "iqm5"}) {
    EXPECT_FALSE(Statistic::parse(text)) << text;
  }
}

TEST(Statistic, OfAStatisticSetHasNoPercentiles) {
  Distribution samples;
  samples.add_statistics(10, 100, 1, 50);
  EXPECT_EQ(Statistic::parse("Average")->of(samples), 10);
  EXPECT_FALSE(Statistic::parse("p50")->of(samples));
  EXPECT_FALSE(Statistic::parse("Sum")->of(Distribution()));
}

}  // namespace
}  // namespace signalbox::cloudwatch
