// The pure pieces of archives: times of events, blocks, what is counted.

#include <gtest/gtest.h>

#include "base/time_text.h"
#include "services/events/archives/archived_events.h"
#include "services/events/archives/event_time.h"

namespace signalbox::events {
namespace {

const Time kStart = *from_iso8601("2030-11-22T17:59:00Z");

TEST(EventTime, IsThatAtTheTop) {
  const std::pair<std::string_view, std::optional<std::string_view>> cases[] = {
      {R"({"version":"0","id":"1","time":"2030-11-22T17:59:00Z","detail":{}})", "2030-11-22T17:59:00Z"},
      {R"({"source":"a\",\"time\":\"1999-01-01T00:00:00Z","time":"2030-11-22T17:59:00Z"})", "2030-11-22T17:59:00Z"},
      {R"({"source":"\\","time":"2030-11-22T17:59:00Z"})", "2030-11-22T17:59:00Z"},
      {R"({"detail":{"time":"1999-01-01T00:00:00Z"},"time":"2030-11-22T17:59:00Z"})", "2030-11-22T17:59:00Z"},
      {R"({"resources":["time"],"n":1,"time":"2030-11-22T17:59:00Z"})", "2030-11-22T17:59:00Z"},
      {R"({"detail":{"time":"1999-01-01T00:00:00Z"}})", std::nullopt},
      {R"({"time":1})", std::nullopt},
      {R"({"time":"soon"})", std::nullopt},
      {R"({"time":")", std::nullopt},
      {R"({"time)", std::nullopt},
      {R"({"a\)", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& [event, time] : cases) {
    EXPECT_EQ(event_time(event), time ? from_iso8601(*time) : std::nullopt) << event;
  }
}

std::vector<ArchivedEvent> some_events(std::size_t count) {
  std::vector<ArchivedEvent> events;
  for (std::size_t n = 0; n < count; ++n) {
    events.push_back({{kStart - Duration(n % 7 * 100'000), n}, R"({"id":")" + std::to_string(n) + R"(","detail":{}})"});
  }
  return events;
}

TEST(Block, GivesBackWhatWentIn) {
  for (const std::size_t count : {0, 1, 1000}) {
    const auto events = some_events(count);
    const auto back = unpack_block(pack_block(events));
    ASSERT_TRUE(back);
    ASSERT_EQ(back->size(), count);
    for (std::size_t n = 0; n < count; ++n) {
      EXPECT_EQ((*back)[n].place, events[n].place);
      EXPECT_EQ((*back)[n].text, events[n].text);
    }
  }
}

TEST(Block, BrokenBytesAreNone) {
  const std::string block = pack_block(some_events(100));
  EXPECT_FALSE(unpack_block(""));
  EXPECT_FALSE(unpack_block("\x01\xff\xff\xff\xff\xff\xff\xff\x7f"));
  for (std::size_t size = 0; size < block.size(); size += 7) EXPECT_FALSE(unpack_block(block.substr(0, size))) << size;
  for (std::size_t at = 0; at < block.size(); ++at) {
    std::string broken = block;
    broken[at] = static_cast<char>(broken[at] ^ 0x55);
    static_cast<void>(unpack_block(broken));  // anything but a crash
  }
}

std::string event_at(Time time) {
  return R"({"time":")" + to_iso8601(time) + "\"}";
}

/// Puts one event in the archive; what its commit would write is dropped.
void put(const std::shared_ptr<ArchivedEvents>& archive, Time now, Time time, bool committed = true) {
  store::Batch batch;
  Deposit deposit(archive, now);
  deposit.add(event_at(time), batch);
  deposit.count(batch);
  deposit.settle(committed);
}

TEST(ArchivedEvents, CountsWhatWasCommitted) {
  const auto archive = std::make_shared<ArchivedEvents>(1);
  put(archive, kStart, kStart);
  put(archive, kStart, kStart, false);
  EXPECT_EQ(archive->totals().events, 1U);
  EXPECT_EQ(archive->totals().bytes, event_at(kStart).size());
}

TEST(ArchivedEvents, SegmentsAreAnHourAndGoWhole) {
  const auto archive = std::make_shared<ArchivedEvents>(1);
  put(archive, kStart, kStart - std::chrono::days(9));
  put(archive, kStart + std::chrono::minutes(59), kStart);
  EXPECT_EQ(archive->spans(Time::min(), Time::max() - Duration(1)).size(), 1U);
  put(archive, kStart + std::chrono::minutes(60), kStart + std::chrono::minutes(60));
  EXPECT_EQ(archive->spans(Time::min(), Time::max() - Duration(1)).size(), 2U);
  EXPECT_EQ(archive->spans(kStart + std::chrono::minutes(1), kStart + std::chrono::minutes(59)).size(), 0U);
  // Kept by when they came.
  EXPECT_TRUE(archive->older_than(kStart + std::chrono::minutes(58)).empty());
  const auto old = archive->older_than(kStart + std::chrono::minutes(59));
  ASSERT_EQ(old.size(), 1U);
  archive->erase(old.front());
  EXPECT_EQ(archive->totals().events, 1U);
}

TEST(ArchivedEvents, ASegmentIsNotPackedWhileACommitIsUnderWay) {
  const auto archive = std::make_shared<ArchivedEvents>(1);
  std::optional<Deposit> deposit(std::in_place, archive, kStart);
  archive->close_full(kStart + kSegmentAge);
  EXPECT_FALSE(archive->next_to_pack());
  EXPECT_TRUE(archive->waits_to_pack());
  deposit.reset();
  EXPECT_TRUE(archive->next_to_pack());
}

TEST(ArchivedEvents, NoTwoDepositsAtOnceHaveTheSameWriter) {
  const auto archive = std::make_shared<ArchivedEvents>(1);
  store::Batch first;
  store::Batch second;
  {
    Deposit one(archive, kStart);
    Deposit two(archive, kStart);
    one.add(event_at(kStart), first);
    one.count(first);
    two.add(event_at(kStart), second);
    two.count(second);
  }
  std::vector<std::string> parts;
  for (const store::Batch* batch : {&first, &second}) {
    batch->each([&](auto, std::string_view key, std::string_view) {
      if (key.starts_with(store::Key(kPartSpace).bytes())) parts.emplace_back(key);
    });
  }
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_NE(parts[0], parts[1]);
}

}  // namespace
}  // namespace signalbox::events
