#include "base/gzip.h"

#include <gtest/gtest.h>

namespace signalbox {
namespace {

TEST(Gzip, GivesBackWhatItWasGiven) {
  std::string text = "x";
  for (int i = 0; i < 20; ++i) text += text + std::to_string(i);
  for (const std::string& each : {std::string(), std::string("abc"), text}) {
    EXPECT_EQ(gunzip(gzip(each), each.size()), each);
  }
}

TEST(Gzip, RefusesWhatIsTooLongCutOrForeign) {
  const std::string bomb = gzip(std::string(50'000'000, '\0'));
  EXPECT_LT(bomb.size(), 100'000U);
  EXPECT_FALSE(gunzip(bomb, 49'999'999));
  const std::string good = gzip("hello");
  EXPECT_FALSE(gunzip(good.substr(0, good.size() - 1), 100));
  EXPECT_FALSE(gunzip(good + "x", 100));
  EXPECT_FALSE(gunzip("hello", 100));
  EXPECT_FALSE(gunzip("", 100));
}

}  // namespace
}  // namespace signalbox
