#include <gtest/gtest.h>

#include <cmath>

#include "cloud/delivery_record.h"

namespace signalbox::cloud {
namespace {

using Growth = RetryPhases::Growth;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<double> delays(const RetryPhases& phases) {
  std::vector<double> all;
  for (std::int64_t retry = 1; retry <= phases.retries(); ++retry) {
    all.push_back(std::round(static_cast<double>(phases.before(retry).count()) / 100) / 10);
  }
  return all;
}

TEST(RetryPhases, FollowEachOther) {
  const RetryPhases phases{2, 1, 3, 2, seconds(2), seconds(10), Growth::kLinear};
  EXPECT_EQ(phases.retries(), 8);
  EXPECT_EQ(delays(phases), (std::vector<double>{0, 0, 2, 2, 6, 10, 10, 10}));
}

TEST(RetryPhases, GrowAsTheyAreTold) {
  const auto grown = [](Growth growth) { return delays({0, 0, 5, 0, seconds(1), seconds(16), growth}); };
  EXPECT_EQ(grown(Growth::kLinear), (std::vector<double>{1, 4.8, 8.5, 12.3, 16}));
  EXPECT_EQ(grown(Growth::kArithmetic), (std::vector<double>{1, 3.1, 6.4, 10.6, 16}));
  EXPECT_EQ(grown(Growth::kGeometric), (std::vector<double>{1, 2, 4, 8, 16}));
  EXPECT_EQ(grown(Growth::kExponential), (std::vector<double>{1, 2, 4, 8, 16}));
  const RetryPhases early{0, 0, 6, 0, seconds(1), seconds(5), Growth::kExponential};
  EXPECT_EQ(delays(early), (std::vector<double>{1, 2, 4, 5, 5, 5}));
}

TEST(RetryPhases, OneGrowingRetryWaitsTheLongest) {
  EXPECT_EQ(delays({0, 0, 1, 0, seconds(1), seconds(9), Growth::kArithmetic}), std::vector<double>{9});
}

TEST(DeliveryRecord, KeepsAll) {
  Delivery delivery;
  delivery.payload = "p";
  delivery.message_group_id = "g";
  delivery.deduplication_id = "d";
  delivery.http.path_values = {"a", "b"};
  delivery.policy.phases = {1, 2, 3, 4, milliseconds(5), milliseconds(6), Growth::kGeometric};
  const auto read = store::decode<Delivery>(store::encode(delivery));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->message_group_id, "g");
  EXPECT_EQ(read->deduplication_id, "d");
  EXPECT_EQ(read->http.path_values, delivery.http.path_values);
  EXPECT_EQ(read->policy.phases, delivery.policy.phases);
  EXPECT_FALSE(store::decode<Delivery>("rubbish"));
}

}  // namespace
}  // namespace signalbox::cloud
