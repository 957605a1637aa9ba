// Which messages of a queue can be received now, are in flight, or wait: the part of a queue that lives in memory.
// Bodies stay in the store. No I/O, no clock.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"

namespace signalbox::sqs {

/// The lease of a message that was set aside: no receipt has it.
inline constexpr std::uint64_t kNoReceipt = 1;

/// What is kept in memory of each message.
struct MessageState {
  Time sent;
  Time visible_at;          // not to be received before
  Time first_received{};    // of the first receive
  std::uint64_t lease = 0;  // number of the current receive, in its receipt handle; 0: never received
  std::uint32_t receives = 0;
  bool in_flight = false;
};

class MessageIndex {
 public:
  explicit MessageIndex(bool fifo) : fifo_(fifo) {}

  /// Adds a message; `group` counts on FIFO queues only. Messages of a group are received in order of `sequence`.
  void add(std::uint64_t sequence, const MessageState& state, const std::string& group);

  /// Chooses up to `most` messages that can be received at `now`. They stay as they are until leased or removed, so
  /// every one must be leased, removed or put back before the next take.
  std::vector<std::uint64_t> take(Time now, std::size_t most);

  void put_back(std::span<const std::uint64_t> taken);

  /// Marks a taken message as received: in flight until `visible_at`.
  MessageState& lease(std::uint64_t sequence, Time now, Time visible_at, std::uint64_t lease);

  /// Keeps a taken message from everybody until that time, without its being received.
  void set_aside(std::uint64_t sequence, Time now, Time visible_at);

  /// Null when there is no such message.
  MessageState* find(std::uint64_t sequence);

  /// Gives an in-flight message a new time to become visible again; at or before `now` means at once.
  void change_visibility(std::uint64_t sequence, Time now, Time visible_at);

  /// False when there is no such message. `group_of` tells a FIFO message's group before it is removed.
  bool remove(std::uint64_t sequence);
  const std::string& group_of(std::uint64_t sequence) const;

  /// Makes visible what is due. True when messages became receivable.
  bool run_due(Time now);
  /// When run_due has something to do next.
  std::optional<Time> next_due() const;

  /// Messages sent at or before `limit`, oldest first, at most `most`.
  std::vector<std::uint64_t> sent_before(Time limit, std::size_t most) const;
  std::optional<Time> oldest_sent() const;

  std::size_t size() const { return messages_.size(); }
  std::size_t in_flight() const { return in_flight_; }
  std::size_t delayed() const { return waiting_.size() - in_flight_; }
  std::size_t visible() const { return messages_.size() - waiting_.size(); }
  std::uint64_t last_sequence() const { return messages_.empty() ? 0 : messages_.rbegin()->first; }
  void clear();
  /// Removes every message up to that sequence.
  void clear_through(std::uint64_t last);

 private:
  struct Group {
    std::set<std::uint64_t> messages;  // not deleted yet
    bool queued = false;               // stands in ready_groups_
  };
  void keep_age(std::map<std::uint64_t, MessageState>::const_iterator place);
  bool is_waiting(std::uint64_t sequence) const;
  void make_ready(std::uint64_t sequence);
  void queue_group(const std::string& name, Group& group);
  std::vector<std::uint64_t> take_standard(std::size_t most);
  std::vector<std::uint64_t> take_fifo(std::size_t most);

  const bool fifo_;
  std::map<std::uint64_t, MessageState> messages_;
  // By send time; kept only while messages are not in that order by themselves, as when some came from another queue.
  std::optional<std::set<std::pair<Time, std::uint64_t>>> by_age_;
  std::set<std::pair<Time, std::uint64_t>> waiting_;  // delayed or in flight, by when they become visible
  std::size_t in_flight_ = 0;
  std::deque<std::uint64_t> ready_;  // standard; may hold what is gone or waits again
  std::map<std::string, Group> groups_;
  std::unordered_map<std::uint64_t, const std::string*> group_names_;
  std::deque<std::string> ready_groups_;
};

}  // namespace signalbox::sqs
