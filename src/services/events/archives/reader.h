// Archived events in order, however they are kept.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "services/events/archives/archived_events.h"
#include "store/store.h"

namespace signalbox::events {

/// Gives the events of a range of time one after another, by place, from all segments at once. Holds a few pages of
/// them and no snapshot in between. Events that come meanwhile may be given or not.
class ArchiveReader {
 public:
  /// From `from` to the end of `to`, both included.
  ArchiveReader(const store::Store& store, const ArchivedEvents& archive, EventPlace from, Time to);

  /// The next event; null at the end. Valid until the next call. Errors: InternalFailure when the store cannot be read.
  Result<const ArchivedEvent*> next();

 private:
  struct Stream {
    std::uint64_t segment;
    EventPlace from;  // of the next page
    std::vector<ArchivedEvent> page = {};
    std::size_t at = 0;
    const EventPlace& place() const { return page[at].place; }
  };
  Result<void> open_segments();
  /// False when the segment has no more.
  Result<bool> fill(Stream& stream) const;
  Result<void> read_events(const store::Snapshot& snapshot, Stream& stream) const;
  Result<void> read_block(const store::Snapshot& snapshot, Stream& stream) const;
  std::size_t page_bytes() const;

  const store::Store& store_;
  const std::uint64_t id_;
  const EventPlace from_;
  const Time to_;
  std::vector<ArchivedEvents::Span> closed_;  // the next to be opened last
  std::vector<Stream> open_;                  // a heap: the next event is that of the first
  bool given_ = false;
};

}  // namespace signalbox::events
