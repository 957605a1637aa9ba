// Time zones with their daylight saving, from the system's own database.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace date {
class time_zone;  // NOLINT(readability-identifier-naming): the library's
}

namespace signalbox::schedule {

/// What a clock on a wall shows somewhere.
using LocalTime = std::chrono::local_time<std::chrono::seconds>;

class Zone {
 public:
  /// UTC.
  Zone() = default;
  /// By its name in the IANA database ("America/Los_Angeles", "UTC"). Empty when there is none of that name.
  static std::optional<Zone> find(std::string_view name);

  LocalTime to_local(Time moment) const;
  /// The moment when clocks there show `local`: the first one where they show it twice, none where they skip it.
  std::optional<Time> to_utc(LocalTime local) const;
  /// What the zone is called at that moment: "PDT".
  std::string abbreviation(Time moment) const;

 private:
  const date::time_zone* zone_ = nullptr;  // the database's, which is never unloaded
};

}  // namespace signalbox::schedule
