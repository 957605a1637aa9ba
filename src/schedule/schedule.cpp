#include "schedule/schedule.h"

#include <charconv>
#include <cstdint>
#include <string>

#include "base/time_text.h"

namespace signalbox::schedule {
namespace {

namespace chrono = std::chrono;

/// What stands between "NAME(" and ")".
std::optional<std::string_view> inside(std::string_view text, std::string_view name) {
  if (!text.starts_with(name) || text.size() < name.size() + 2) return std::nullopt;
  if (text[name.size()] != '(' || text.back() != ')') return std::nullopt;
  return text.substr(name.size() + 1, text.size() - name.size() - 2);
}

/// In the long run a rate is as good as none; this keeps sums of times in range.
constexpr std::uint32_t kMaxRate = 10'000'000;

}  // namespace

std::optional<Schedule> Schedule::parse(std::string_view text) {
  if (const auto fields = inside(text, "cron")) {
    auto cron = Cron::parse(*fields);
    return cron ? std::optional(Schedule(*std::move(cron))) : std::nullopt;
  }
  if (const auto rate = inside(text, "rate")) {
    const auto read = parse_rate(*rate);
    return read ? std::optional(Schedule(*read)) : std::nullopt;
  }
  if (const auto at = inside(text, "at")) {
    const auto read = parse_at(*at);
    return read ? std::optional(Schedule(*read)) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<Schedule::Rate> Schedule::parse_rate(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + space, value);
  if (error != std::errc() || end != text.data() + space || value == 0 || value > kMaxRate) return std::nullopt;
  std::string_view unit = text.substr(space + 1);
  // "If the value is equal to 1, then the unit must be singular": and plural otherwise.
  if (value > 1) {
    if (!unit.ends_with('s')) return std::nullopt;
    unit.remove_suffix(1);
  }
  if (unit == "minute") return Rate{chrono::minutes(value)};
  if (unit == "hour") return Rate{chrono::hours(value)};
  if (unit == "day") return Rate{chrono::days(value)};
  return std::nullopt;
}

std::optional<Schedule::At> Schedule::parse_at(std::string_view text) {
  if (text.size() != std::string_view("2026-11-24T09:00:00").size()) return std::nullopt;
  const auto read = from_iso8601(std::string(text) + "Z");
  if (!read) return std::nullopt;
  return At{LocalTime(chrono::floor<chrono::seconds>(read->time_since_epoch()))};
}

std::optional<Time> Schedule::next(Time after, Time start, const Zone& zone) const {
  if (const auto* rate = std::get_if<Rate>(&how_)) {
    if (after < start) return start + rate->period;
    return start + rate->period * ((after - start) / rate->period + 1);
  }
  if (const auto* at = std::get_if<At>(&how_)) {
    const auto due = zone.to_utc(at->local);
    return due && *due > after ? due : std::nullopt;
  }
  const Cron& cron = std::get<Cron>(how_);
  LocalTime from = chrono::floor<chrono::minutes>(zone.to_local(after));
  for (;;) {
    const auto local = cron.next(from);
    if (!local) return std::nullopt;
    const auto due = zone.to_utc(*local);
    if (due && *due > after) return due;
    from = *local + chrono::minutes(1);
  }
}

}  // namespace signalbox::schedule
