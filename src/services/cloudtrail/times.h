// Times as records of the store keep them.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace signalbox::cloudtrail {

inline std::int64_t ticks(Time time) {
  return time.time_since_epoch().count();
}
inline Time time_of(std::int64_t count) {
  return Time(Duration(count));
}
inline std::optional<std::int64_t> ticks(const std::optional<Time>& time) {
  return time ? std::optional(ticks(*time)) : std::nullopt;
}
inline std::optional<Time> time_of(const std::optional<std::int64_t>& count) {
  return count ? std::optional(time_of(*count)) : std::nullopt;
}

}  // namespace signalbox::cloudtrail
