#include "services/cloudtrail/time_words.h"

#include <fmt/format.h>

#include <string_view>

namespace signalbox::cloudtrail {

std::string in_words(Time time) {
  static constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - days));
  const auto hour = clock.hours().count();
  return fmt::format("{} {}, {}, {}:{:02}:{:02} {}", kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<unsigned>(date.day()), static_cast<int>(date.year()), hour % 12 == 0 ? 12 : hour % 12,
                     clock.minutes().count(), clock.seconds().count(), hour < 12 ? "AM" : "PM");
}

}  // namespace signalbox::cloudtrail
