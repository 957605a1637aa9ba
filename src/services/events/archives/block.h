// Archived events packed together: what is alike in them takes little room.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace signalbox::events {

/// Where an event stands among those of its archive: they are replayed in this order.
struct EventPlace {
  Time time{};                 // the event's
  std::uint64_t sequence = 0;  // in which it came, among those of the archive
  auto operator<=>(const EventPlace&) const = default;
  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("time", self.time)("sequence", self.sequence);
  }
};

struct ArchivedEvent {
  EventPlace place;
  std::string text;
};

/// The text that a block is filled up to; one event more may stand in it.
inline constexpr std::size_t kBlockBytes = 256 * 1024;

/// A record with all of `events`, in their order (zstd).
std::string pack_block(std::span<const ArchivedEvent> events);

/// Empty optional on bytes that are not such a record.
std::optional<std::vector<ArchivedEvent>> unpack_block(std::string_view bytes);

}  // namespace signalbox::events
