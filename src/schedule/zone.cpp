#include "schedule/zone.h"

#include <date/tz.h>

#include <stdexcept>

namespace signalbox::schedule {

std::optional<Zone> Zone::find(std::string_view name) {
  // The database knows a few files of its own folder by name as well; no zone's name starts with one of these.
  if (name.empty() || name.front() == '.' || name.front() == '/') return std::nullopt;
  try {
    Zone zone;
    zone.zone_ = date::locate_zone(name);
    return zone;
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

LocalTime Zone::to_local(Time moment) const {
  const auto utc = std::chrono::floor<std::chrono::seconds>(moment);
  const auto offset = zone_ == nullptr ? std::chrono::seconds(0) : zone_->get_info(utc).offset;
  return LocalTime(utc.time_since_epoch() + offset);
}

std::optional<Time> Zone::to_utc(LocalTime local) const {
  if (zone_ == nullptr) return Time(local.time_since_epoch());
  const date::local_info info = zone_->get_info(date::local_seconds(local.time_since_epoch()));
  if (info.result == date::local_info::nonexistent) return std::nullopt;
  return Time(local.time_since_epoch() - info.first.offset);
}

std::string Zone::abbreviation(Time moment) const {
  return zone_ == nullptr ? "UTC" : zone_->get_info(std::chrono::floor<std::chrono::seconds>(moment)).abbrev;
}

}  // namespace signalbox::schedule
