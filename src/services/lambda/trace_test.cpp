#include "services/lambda/trace.h"

#include <gtest/gtest.h>

#include <regex>

namespace signalbox::lambda {
namespace {

class Counting final : public Random {
 public:
  std::uint64_t next() override { return ++last_; }

 private:
  std::uint64_t last_ = 0;
};

constexpr Time kNow{std::chrono::seconds(0x5759e988)};

TEST(TraceHeader, IsMadeWhereThereIsNone) {
  Counting random;
  EXPECT_EQ(trace_header_for("", kNow, random),
            "Root=1-5759e988-000000010000000000000002;Parent=0000000000000003;Sampled=0");
}

TEST(TraceHeader, OfTheRequestStays) {
  Counting random;
  const std::string given = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1";
  EXPECT_EQ(trace_header_for(given, kNow, random), given);
  EXPECT_EQ(trace_header_for("Root=1-3152b799-8954dae64eda91bc9a23a7e8", kNow, random),
            "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=0000000000000001;Sampled=0");
}

}  // namespace
}  // namespace signalbox::lambda
