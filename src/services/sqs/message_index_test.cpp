#include "services/sqs/message_index.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace signalbox::sqs {
namespace {

using std::chrono::milliseconds;

/// The index again, written to be obviously right: a list that is searched from the front.
class Naive {
 public:
  struct Entry {
    std::uint64_t sequence;
    std::string group;
    Time visible_at;
    bool in_flight;
  };
  explicit Naive(bool fifo) : fifo_(fifo) {}

  void run_due(Time now) {
    for (Entry& entry : entries) {
      if (entry.visible_at <= now) entry.in_flight = false;
    }
  }
  bool may_take(const Entry& wanted, Time now, const std::vector<std::uint64_t>& taken) const {
    if (wanted.visible_at > now) return false;
    if (!fifo_) return true;
    for (const Entry& entry : entries) {
      if (entry.sequence >= wanted.sequence) break;
      const bool with_it = std::ranges::find(taken, entry.sequence) != taken.end();
      if (entry.group == wanted.group && !with_it) return false;  // an earlier one comes first
    }
    return true;
  }
  Entry* find(std::uint64_t sequence) {
    const auto found = std::ranges::find(entries, sequence, &Entry::sequence);
    return found == entries.end() ? nullptr : &*found;
  }
  std::size_t takeable(Time now) const {
    std::vector<std::uint64_t> taken;
    for (const Entry& entry : entries) {
      if (may_take(entry, now, taken)) taken.push_back(entry.sequence);
    }
    return taken.size();
  }

  std::vector<Entry> entries;

 private:
  bool fifo_;
};

/// Random histories of both, compared at every step.
void compare(bool fifo, std::uint64_t seed) {
  SCOPED_TRACE((fifo ? "fifo, seed " : "standard, seed ") + std::to_string(seed));
  SeededRandom random(seed);
  const auto below = [&random](std::uint64_t bound) { return random.next() % bound; };
  MessageIndex index(fifo);
  Naive naive(fifo);
  Time now{milliseconds(1000)};
  std::uint64_t sequence = 0;
  for (int step = 0; step < 400; ++step) {
    now += milliseconds(below(3));
    index.run_due(now);
    naive.run_due(now);
    const std::uint64_t what = below(10);
    if (what < 4) {
      const std::string group = fifo ? std::string(1, static_cast<char>('a' + below(3))) : "";
      MessageState state;
      state.sent = now;
      state.visible_at = now + milliseconds(below(3) == 0 ? below(8) : 0);
      index.add(++sequence, state, group);
      naive.entries.push_back({sequence, group, state.visible_at, false});
    } else if (what < 8) {
      const std::size_t most = 1 + below(4);
      const std::size_t can = naive.takeable(now);
      const auto taken = index.take(now, most);
      ASSERT_EQ(taken.size(), std::min(most, can));
      std::vector<std::uint64_t> before;
      for (const std::uint64_t one : taken) {
        ASSERT_NE(naive.find(one), nullptr);
        ASSERT_TRUE(naive.may_take(*naive.find(one), now, before)) << one;
        before.push_back(one);
      }
      for (const std::uint64_t one : taken) {
        const Time until = now + milliseconds(1 + below(10));
        EXPECT_EQ(index.lease(one, now, until, 7).lease, 7U);
        *naive.find(one) = {one, naive.find(one)->group, until, true};
      }
    } else if (what == 8 && !naive.entries.empty()) {
      const auto place = naive.entries.begin() + static_cast<std::ptrdiff_t>(below(naive.entries.size()));
      EXPECT_TRUE(index.remove(place->sequence));
      EXPECT_FALSE(index.remove(place->sequence));
      naive.entries.erase(place);
    } else if (!naive.entries.empty()) {
      Naive::Entry& entry = naive.entries[below(naive.entries.size())];
      if (!entry.in_flight) continue;
      entry.visible_at = now + milliseconds(below(5));
      index.change_visibility(entry.sequence, now, entry.visible_at);
      naive.run_due(now);
    }
    ASSERT_EQ(index.size(), naive.entries.size());
    const auto in_flight = std::ranges::count_if(naive.entries, &Naive::Entry::in_flight);
    ASSERT_EQ(index.in_flight(), static_cast<std::size_t>(in_flight));
    const auto waiting = std::ranges::count_if(naive.entries, [&](const auto& e) { return e.visible_at > now; });
    ASSERT_EQ(index.delayed(), static_cast<std::size_t>(waiting - in_flight));
    ASSERT_EQ(index.visible(), naive.entries.size() - static_cast<std::size_t>(waiting));
  }
}

TEST(MessageIndex, BehavesAsANaiveOneDoes) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    compare(false, seed);
    compare(true, seed);
  }
}

TEST(MessageIndex, TellsWhatIsOld) {
  MessageIndex index(false);
  EXPECT_FALSE(index.oldest_sent());
  for (int i = 0; i < 5; ++i) {
    MessageState state;
    state.sent = state.visible_at = Time(milliseconds(i * 10));
    index.add(static_cast<std::uint64_t>(i), state, "");
  }
  EXPECT_EQ(index.oldest_sent(), Time(milliseconds(0)));
  EXPECT_EQ(index.sent_before(Time(milliseconds(20)), 10), (std::vector<std::uint64_t>{0, 1, 2}));
  EXPECT_EQ(index.sent_before(Time(milliseconds(20)), 2), (std::vector<std::uint64_t>{0, 1}));
}

TEST(MessageIndex, TellsWhatIsOldAmongMessagesThatCameFromElsewhere) {
  SeededRandom random(1);
  for (int round = 0; round < 20; ++round) {
    MessageIndex index(false);
    std::vector<std::pair<Time, std::uint64_t>> all;
    for (std::uint64_t sequence = 1; sequence <= 60; ++sequence) {
      MessageState state;
      state.sent = state.visible_at = Time(milliseconds(random.next() % 50));
      index.add(sequence, state, "");
      all.emplace_back(state.sent, sequence);
      if (random.next() % 3 == 0) {
        const auto gone = all.begin() + static_cast<std::ptrdiff_t>(random.next() % all.size());
        index.remove(gone->second);
        all.erase(gone);
      }
      const Time limit(milliseconds(random.next() % 50));
      std::vector<std::uint64_t> expected;
      std::ranges::sort(all);
      for (const auto& [sent, one] : all) {
        if (sent <= limit) expected.push_back(one);
      }
      auto old = index.sent_before(limit, 100);
      // Among equals the order is that of sequence in both.
      ASSERT_EQ(old, expected);
      ASSERT_EQ(index.oldest_sent(), all.empty() ? std::nullopt : std::optional(all.front().first));
    }
  }
}

}  // namespace
}  // namespace signalbox::sqs
