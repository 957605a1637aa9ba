#include "services/kinesis/layout.h"

#include <gtest/gtest.h>

#include "services/kinesis/allowance.h"
#include "services/kinesis/sequence.h"

namespace signalbox::kinesis {
namespace {

struct Times {
  std::uint64_t sequence = 0;
  Occasion occasion{Time(Duration(5)), [this] { return ++sequence; }};
};

std::vector<HashKey> firsts(const Layout& layout) {
  std::vector<HashKey> found;
  for (const auto& [index, shard] : layout.shards()) {
    if (shard.open()) found.push_back(shard.first);
  }
  std::ranges::sort(found);
  return found;
}

void expect_cover(const Layout& layout) {
  std::map<HashKey, HashKey> ranges;
  for (const auto& [index, shard] : layout.shards()) {
    if (shard.open()) ranges[shard.first] = shard.last;
  }
  HashKey next = 0;
  for (const auto& [first, last] : ranges) {
    EXPECT_EQ(hash_text(first), hash_text(next));
    next = last + 1;
  }
  EXPECT_EQ(hash_text(next), "0") << "the last range ends with the last key";
  EXPECT_EQ(ranges.size(), layout.open_count());
}

TEST(HashKey, IsTheMd5OfThePartitionKey) {
  EXPECT_EQ(hash_text(hash_of("a")), "16955237001963240173058271559858726497");  // md5 0cc175b9c0f1b6a831c399e269772661
  EXPECT_EQ(hash_text(kLastHashKey), "340282366920938463463374607431768211455");
  EXPECT_EQ(parse_hash("340282366920938463463374607431768211455"), kLastHashKey);
  for (const char* bad :
       {"", "340282366920938463463374607431768211456", "-1", "1x", "999999999999999999999999999999999999999"}) {
    EXPECT_FALSE(parse_hash(bad)) << bad;
  }
}

TEST(Layout, CoversAllKeysInRangesOfOneSize) {
  for (const std::uint32_t count : {1U, 2U, 3U, 7U, 1000U}) {
    Times times;
    const Layout layout = Layout::uniform(count, times.occasion);
    expect_cover(layout);
    EXPECT_EQ(layout.open_count(), count);
    EXPECT_EQ(layout.find(0), 0U);
    EXPECT_EQ(layout.find(kLastHashKey), count - 1);
  }
  // AWS's ranges of three shards.
  EXPECT_EQ(hash_text(uniform_first(1, 3)), "113427455640312821154458202477256070485");
  EXPECT_EQ(hash_text(uniform_first(1, 2)), "170141183460469231731687303715884105728");
}

TEST(Layout, SplitsAndMerges) {
  Times times;
  Layout layout = Layout::uniform(1, times.occasion);
  layout.take_changed();
  layout.split(0, 1000, times.occasion);
  expect_cover(layout);
  EXPECT_EQ(layout.take_changed(), (std::set<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(layout.find(999), 1U);
  EXPECT_EQ(layout.find(1000), 2U);
  EXPECT_EQ(layout.children(0), (std::vector<std::uint32_t>{1, 2}));
  EXPECT_FALSE(layout.at(0)->open());
  EXPECT_LT(*layout.at(0)->ending, layout.at(1)->starting);
  layout.merge(2, 1, times.occasion);
  expect_cover(layout);
  EXPECT_EQ(layout.at(3)->parent, 2U);
  EXPECT_EQ(layout.at(3)->adjacent_parent, 1U);
  EXPECT_EQ(layout.children(1), std::vector<std::uint32_t>{3});
}

TEST(Layout, ScalesToRangesOfOneSizeFromAnywhere) {
  const std::pair<std::uint32_t, std::uint32_t> cases[] = {{1, 2}, {2, 1}, {2, 3}, {3, 2},
                                                           {4, 8}, {8, 5}, {5, 5}, {100, 150}};
  for (const auto& [from, to] : cases) {
    SCOPED_TRACE(std::to_string(from) + " to " + std::to_string(to));
    Times times;
    Layout layout = Layout::uniform(from, times.occasion);
    layout.split(0, 12345, times.occasion);
    layout.scale(to, times.occasion);
    expect_cover(layout);
    const auto found = firsts(layout);
    ASSERT_EQ(found.size(), to);
    for (std::uint32_t i = 0; i < to; ++i) EXPECT_EQ(hash_text(found[i]), hash_text(uniform_first(i, to)));
  }
}

TEST(SequenceNumber, RisesWithTimeToTheEndOfNumbers) {
  using std::chrono::milliseconds;
  EXPECT_EQ(first_sequence_at(Time(milliseconds(-1))), 0U);
  EXPECT_EQ(first_sequence_at(Time(milliseconds(2))), 2 * kSequencesPerMillisecond);
  const std::uint64_t last = first_sequence_at(Time(milliseconds(18'446'744'073'709)));
  EXPECT_EQ(first_sequence_at(Time(milliseconds(18'446'744'073'710))), last);
  EXPECT_EQ(first_sequence_at(Time::max()), last);
}

TEST(SequenceNumber, HasFiftySixDigitsThatRise) {
  const SequenceNumber one{1'700'000'000'000'000'000, 3, 18'446'744'073'709'551'615U};
  EXPECT_EQ(one.text().size(), 56U);
  const auto read = SequenceNumber::parse(one.text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->sequence, one.sequence);
  EXPECT_EQ(read->shard, one.shard);
  EXPECT_EQ(read->stream, one.stream);
  EXPECT_LT(one.text(), (SequenceNumber{one.sequence + 1, 0, 0}.text()));
  for (const char* bad : {"", "0", "49", "59", "49590338271490256608559692538361571095921575989136588898x"}) {
    EXPECT_FALSE(SequenceNumber::parse(bad)) << bad;
  }
}

TEST(ShardIterator, IsReadBackOrRefused) {
  const ShardIterator one{7, 4'000'000'000, 9, Time(Duration(1234))};
  const auto read = ShardIterator::parse(one.text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->shard, one.shard);
  EXPECT_EQ(read->position, one.position);
  EXPECT_EQ(read->created, one.created);
  for (const char* bad : {"", "AAAA", "!", "AQ=="}) EXPECT_FALSE(ShardIterator::parse(bad)) << bad;
  EXPECT_EQ(parse_shard_name("shardId-000000000012"), 12U);
  for (const char* bad : {"", "shardId-", "shardId-12", "shardId-00000000001x", "shardId-999999999999"}) {
    EXPECT_FALSE(parse_shard_name(bad)) << bad;
  }
}

TEST(Allowance, IsOneSecondsWorthAndFillsByEitherClock) {
  Moment now{Time(Duration(1'000'000)), std::chrono::steady_clock::time_point(std::chrono::hours(1))};
  Allowance allowance(10);
  EXPECT_TRUE(allowance.has(10, now));
  allowance.take(10);
  EXPECT_FALSE(allowance.has(1, now));
  now.steady += std::chrono::milliseconds(100);
  EXPECT_TRUE(allowance.has(1, now)) << "the server's clock stands still, the machine's goes on";
  EXPECT_FALSE(allowance.has(2, now));
  now.clock += std::chrono::days(1);
  EXPECT_TRUE(allowance.has(10, now));
  EXPECT_TRUE(allowance.has(1000, now)) << "more than a second's worth goes on credit";
  allowance.take(1000);
  now.steady += std::chrono::seconds(98);
  EXPECT_FALSE(allowance.has(1, now));
  now.steady += std::chrono::seconds(2);
  EXPECT_TRUE(allowance.has(1, now));
}

}  // namespace
}  // namespace signalbox::kinesis
