// What archives and replays keep in the store, and under which keys.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "services/events/archives/block.h"
#include "services/events/names.h"
#include "store/fields.h"
#include "store/key.h"

namespace signalbox::events {

class ArchivedEvents;

/// An archive as it is described. Never changed but replaced; `events` stays the same.
struct Archive {
  static constexpr std::uint8_t kVersion = 1;
  cloud::Scope scope;
  std::string name;
  std::uint64_t id = 0;  // names its events: an archive that is made anew has none of the old ones
  std::string bus;       // of the same scope
  std::optional<std::string> description;
  std::string pattern;              // "" for none
  std::int64_t retention_days = 0;  // 0: for ever
  Time created{};
  std::shared_ptr<ArchivedEvents> events = {};

  std::string arn() const;
  BusId bus_id() const { return {scope, bus}; }
  /// The name of the rule that stands for it on its bus.
  std::string managed_rule() const { return "Events-Archive-" + name; }

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("scope", self.scope)("name", self.name)("id", self.id)("bus", self.bus);
    field("description", self.description)("pattern", self.pattern)("retention_days", self.retention_days);
    field("created", self.created);
  }
};

/// What a replay was asked to do.
struct ReplayOrder {
  std::optional<std::string> description;
  std::string archive;           // its name
  std::uint64_t archive_id = 0;  // and which one of that name
  std::string bus;
  std::vector<std::string> rules;  // ARNs; none for all
  Time from{};
  Time to{};                    // both ends are replayed
  std::uint64_t sequences = 0;  // events that came to the archive later have this number or a higher one

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("description", self.description)("archive", self.archive)("archive_id", self.archive_id);
    field("bus", self.bus)("rules", self.rules)("from", self.from)("to", self.to)("sequences", self.sequences);
  }
};

/// How far it is. `last` is there once an event was replayed.
struct ReplayMark {
  static constexpr std::uint8_t kVersion = 1;
  std::optional<EventPlace> last;
  std::uint64_t events = 0;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("events", self.events)("last", self.last);
  }
};

struct Replay {
  static constexpr std::uint8_t kVersion = 1;
  cloud::Scope scope;
  std::string name;
  std::shared_ptr<const ReplayOrder> order;
  std::string state;
  std::string reason;  // "" for none
  Time started{};
  std::optional<Time> ended = {};
  ReplayMark mark = {};

  std::string arn() const;
  bool is_active() const { return !ended; }

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("scope", self.scope)("name", self.name)("state", self.state)("reason", self.reason);
    field("started", self.started)("ended", self.ended)("order", self.order);
  }
};

/// A part of an archive's events: those that came within an hour, or fewer. What one thread has put into it so far is
/// in a record, written with each commit.
struct SegmentPart {
  static constexpr std::uint8_t kVersion = 1;
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;  // of text
  Time earliest{};          // of the events' times
  Time latest{};
  std::uint64_t sequence = 0;  // the highest
  Time came{};                 // when the last event came
  bool packed = false;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("events", self.events)("bytes", self.bytes)("earliest", self.earliest)("latest", self.latest);
    field("sequence", self.sequence)("came", self.came)("packed", self.packed);
  }
};

inline constexpr std::string_view kArchiveSpace = "events.archive";
inline constexpr std::string_view kReplaySpace = "events.replay";
inline constexpr std::string_view kReplayMarkSpace = "events.replay-mark";
store::Key key_of(const Archive& archive);
store::Key key_of(const Replay& replay);
store::Key mark_key_of(const Replay& replay);

/// Of each archive's id: parts by segment and writer; events by segment and place; blocks by segment and the place of
/// their last event.
inline constexpr std::string_view kPartSpace = "archive.part";
inline constexpr std::string_view kEventSpace = "archive.event";
inline constexpr std::string_view kBlockSpace = "archive.block";
inline constexpr std::string_view kArchiveSpaces[] = {kPartSpace, kEventSpace, kBlockSpace};
/// The start of the keys of one segment, and of all segments of an archive.
store::Key segment_key(std::string_view space, std::uint64_t archive, std::uint64_t segment);
store::Key archive_key(std::string_view space, std::uint64_t archive);
store::Key part_key(std::uint64_t archive, std::uint64_t segment, std::uint64_t writer);
store::Key place_key(std::string_view space, std::uint64_t archive, std::uint64_t segment, const EventPlace& place);

struct PartName {
  std::uint64_t archive;
  std::uint64_t segment;
  std::uint64_t writer;
};
std::optional<PartName> read_part_key(std::string_view key);
std::optional<EventPlace> read_place(std::string_view key);

std::string encode_event(std::string_view text);
/// Empty optional on bytes that are not such a record; valid while the bytes are.
std::optional<std::string_view> decode_event(std::string_view bytes);

}  // namespace signalbox::events
