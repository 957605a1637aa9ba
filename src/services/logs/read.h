// Reads a page of a group's events: the first or last of a range that fit, whatever order they arrived in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/logs/group.h"

namespace signalbox::logs {

/// AWS's bounds of a page.
inline constexpr std::size_t kMaxPageEvents = 10'000;
inline constexpr std::size_t kMaxPageBytes = 1024 * 1024;

struct PageRequest {
  Position from;          // included
  Position to;            // not included
  bool backward = false;  // the last that fit, not the first
  std::size_t max_events = kMaxPageEvents;
  std::size_t max_bytes = kMaxPageBytes;
  /// Sorted ids; empty optional for every stream.
  std::optional<std::vector<std::uint32_t>> streams;
  filter::Pattern pattern;
};

struct FoundEvent {
  Position at;
  Millis ingested = 0;
  StreamPtr stream;
  std::string message;
};

struct Page {
  std::vector<FoundEvent> events;  // by position
  /// Where to go on: a next `from`, or, backward, a next `to`. Empty when nothing of the range is left.
  std::optional<Position> rest;
};

/// Takes time by what it reads, which is bounded: a page may have no event and still a rest. Errors: InternalFailure.
Result<Page> read_page(const View& view, const PageRequest& request);

}  // namespace signalbox::logs
