// The events of one archive: what is known of them in memory, and how they come into the store. They are kept in
// segments, by when they came: the open one takes events until it is an hour old or large; closed ones are packed into
// blocks, and go, whole, when the archive keeps them no longer.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "base/alarms.h"
#include "services/events/archives/archive_records.h"
#include "store/store.h"

namespace signalbox::events {

/// How long a segment takes events, and from which size on it takes no more.
inline constexpr Duration kSegmentAge = std::chrono::hours(1);
inline constexpr std::uint64_t kSegmentBytes = 64 * 1024 * 1024;

/// What tends the archive keeps here (upkeep.h).
struct ArchiveUpkeep {
  std::optional<Alarms::Handle> alarm;
  bool tending = false;
};

/// Safe from any thread.
class ArchivedEvents {
 public:
  explicit ArchivedEvents(std::uint64_t id) : id_(id) {}

  std::uint64_t id() const { return id_; }
  /// Called on any thread whenever a segment was opened. Set before the first event.
  void on_opened(std::function<void()> observer) { opened_ = std::move(observer); }

  /// Takes in a part's record at the start. Segments from before are closed.
  void load(std::uint64_t segment, std::uint64_t writer, const SegmentPart& part);

  struct Totals {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
  };
  Totals totals() const;
  /// Events from now on get this number or a higher one.
  std::uint64_t sequences() const { return next_sequence_; }

  struct Span {
    std::uint64_t segment;
    Time earliest;
    Time latest;
  };
  /// The segments that may hold events of that time, both ends included; by their earliest.
  std::vector<Span> spans(Time from, Time to) const;

  // What upkeep asks.
  ArchiveUpkeep& upkeep() { return upkeep_; }  // on the bus's shard
  /// Closes the open segment if it has its age or size.
  void close_full(Time now);
  /// Closed, not packed, and nobody is still adding to it.
  std::optional<std::uint64_t> next_to_pack() const;
  /// Whether one will be, as soon as its last events are committed.
  bool waits_to_pack() const;
  /// The first segments, those whose events all came at or before `until`, in order.
  std::vector<std::uint64_t> older_than(Time until) const;
  /// When the open segment is to be closed, and when the events of the oldest one came.
  std::optional<Time> closes() const;
  std::optional<Time> oldest() const;
  /// All parts of a segment, as one.
  SegmentPart sum(std::uint64_t segment) const;
  void packed(std::uint64_t segment, const SegmentPart& whole);
  void erase(std::uint64_t segment);

 private:
  friend class Deposit;
  struct Segment {
    std::map<std::uint64_t, SegmentPart> parts;  // by writer
    std::vector<std::uint64_t> idle;             // writers that no deposit has now
    std::uint64_t writers = 0;
    std::uint64_t users = 0;  // deposits under way
    std::uint64_t bytes = 0;
    bool open = false;
    bool packed = false;
  };
  /// The open segment, kept from being packed, and one of its writers, kept from others, until they are released.
  /// Commits end in any order, and each writes what its writer has put in up to now: so no two have the same one.
  struct Place {
    std::uint64_t segment;
    std::uint64_t writer;
  };
  Place enter(Time now);
  void release(const Place& place);
  SegmentPart add(const Place& place, const SegmentPart& more);
  void retract(const Place& place, const SegmentPart& more);
  bool is_full(std::uint64_t segment, Time now) const;

  const std::uint64_t id_;
  std::function<void()> opened_;
  ArchiveUpkeep upkeep_;
  std::atomic<std::uint64_t> next_sequence_{1};
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Segment> segments_;  // the last may be open; numbered by the time of opening
  Totals totals_;
};

/// The events that one commit adds to an archive.
class Deposit {
 public:
  Deposit(std::shared_ptr<ArchivedEvents> archive, Time now);
  ~Deposit();
  Deposit(const Deposit&) = delete;

  const ArchivedEvents& archive() const { return *archive_; }
  std::uint64_t events() const { return added_.events; }
  void add(std::string_view event, store::Batch& batch);
  /// Counts, in `batch`, all that was added. Once.
  void count(store::Batch& batch);
  /// The commit is done, or failed. The deposit must live until then.
  void settle(bool committed);

 private:
  const std::shared_ptr<ArchivedEvents> archive_;
  const Time now_;
  const ArchivedEvents::Place place_;
  SegmentPart added_;
};

}  // namespace signalbox::events
