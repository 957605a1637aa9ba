#include "services/cloudwatch/alarm_state.h"

#include <gtest/gtest.h>

namespace signalbox::cloudwatch {
namespace {

/// "0 - X": not breaching, missing, breaching; the oldest first, as AWS's tables have it.
std::vector<std::optional<Point>> slots_of(std::string_view text) {
  std::vector<std::optional<Point>> slots;
  for (const char c : text) {
    if (c == ' ') continue;
    std::optional<Point> slot;
    if (c != '-') slot = Point{Time(std::chrono::minutes(slots.size())), c == 'X' ? 5.0 : 0.0};
    slots.insert(slots.begin(), slot);
  }
  return slots;
}

std::string state_after(std::string_view data, std::int64_t m, std::int64_t n, Missing missing) {
  const auto verdict = judge({"GreaterThanThreshold", 1, n, m, missing}, slots_of(data));
  return verdict.state ? std::string(name_of(*verdict.state)) : "retain";
}

TEST(AlarmState, IsAsInAwsTables) {
  struct {
    const char* data;
    std::int64_t m;
    const char* missing;
    const char* ignore;
    const char* breaching;
    const char* not_breaching;
  } cases[] = {
      {"0 - X - X", 3, "OK", "OK", "OK", "OK"},
      {"0 - - - -", 3, "OK", "OK", "OK", "OK"},
      {"- - - - -", 3, "INSUFFICIENT_DATA", "retain", "ALARM", "OK"},
      {"0 X X - X", 3, "ALARM", "ALARM", "ALARM", "ALARM"},
      {"- - - - X", 3, "INSUFFICIENT_DATA", "retain", "ALARM", "OK"},
      {"X - - - -", 3, "ALARM", "retain", "ALARM", "OK"},
      {"- - X - -", 3, "ALARM", "retain", "ALARM", "OK"},
      {"0 - X - X", 2, "ALARM", "ALARM", "ALARM", "ALARM"},
      {"0 0 X 0 X", 2, "ALARM", "ALARM", "ALARM", "ALARM"},
      {"0 - X - -", 2, "OK", "OK", "ALARM", "OK"},
      {"- - - - 0", 2, "OK", "OK", "ALARM", "OK"},
      {"- - - - X", 2, "INSUFFICIENT_DATA", "retain", "ALARM", "OK"},
      {"- - - X -", 2, "ALARM", "retain", "ALARM", "OK"},
      {"X X X X 0", 3, "OK", "OK", "OK", "OK"},
      {"0 0 X X X", 3, "ALARM", "ALARM", "ALARM", "ALARM"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(state_after(c.data, c.m, 3, Missing::kMissing), c.missing) << c.data << " " << c.m;
    EXPECT_EQ(state_after(c.data, c.m, 3, Missing::kIgnore), c.ignore) << c.data << " " << c.m;
    EXPECT_EQ(state_after(c.data, c.m, 3, Missing::kBreaching), c.breaching) << c.data << " " << c.m;
    EXPECT_EQ(state_after(c.data, c.m, 3, Missing::kNotBreaching), c.not_breaching) << c.data << " " << c.m;
  }
}

TEST(AlarmState, ComparesInEveryWay) {
  struct {
    const char* comparison;
    bool below, equal, above;
  } cases[] = {
      {"GreaterThanThreshold", false, false, true},
      {"GreaterThanOrEqualToThreshold", false, true, true},
      {"LessThanThreshold", true, false, false},
      {"LessThanOrEqualToThreshold", true, true, false},
  };
  for (const auto& c : cases) {
    const Threshold threshold{c.comparison, 10, 1, 1, Missing::kMissing};
    EXPECT_EQ(threshold.is_breached_by(9), c.below) << c.comparison;
    EXPECT_EQ(threshold.is_breached_by(10), c.equal) << c.comparison;
    EXPECT_EQ(threshold.is_breached_by(11), c.above) << c.comparison;
  }
}

TEST(AlarmState, SaysWhy) {
  const auto reason = [](std::string_view data, std::int64_t m, std::int64_t n, Missing missing) {
    return judge({"GreaterThanThreshold", 1, n, m, missing}, slots_of(data)).reason;
  };
  EXPECT_EQ(
      reason("X", 1, 1, Missing::kMissing),
      "Threshold Crossed: 1 out of the last 1 datapoints [5.0 (01/01/70 00:00:00)] was greater than the threshold "
      "(1.0) (minimum 1 datapoint for OK -> ALARM transition).");
  EXPECT_EQ(reason("0 X X", 2, 3, Missing::kMissing),
            "Threshold Crossed: 2 out of the last 3 datapoints [5.0 (01/01/70 00:02:00), 5.0 (01/01/70 00:01:00)] were "
            "greater than the threshold (1.0) (minimum 2 datapoints for OK -> ALARM transition).");
  EXPECT_EQ(reason("0", 1, 1, Missing::kMissing),
            "Threshold Crossed: 1 out of the last 1 datapoints [0.0 (01/01/70 00:00:00)] was not greater than the "
            "threshold (1.0) (minimum 1 datapoint for ALARM -> OK transition).");
  EXPECT_EQ(reason("- - -", 1, 1, Missing::kMissing), "Insufficient Data: 1 datapoint was unknown.");
  EXPECT_EQ(reason("- - - - -", 3, 3, Missing::kBreaching),
            "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as "
            "[Breaching].");
}

TEST(AlarmState, PrintsNumbersAsAwsDoes) {
  EXPECT_EQ(decimal(50), "50.0");
  EXPECT_EQ(decimal(-0.5), "-0.5");
  EXPECT_EQ(decimal(0.0666851903306472), "0.0666851903306472");
}

}  // namespace
}  // namespace signalbox::cloudwatch
