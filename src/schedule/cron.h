// The six fields of cron(): which minutes of which days.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "schedule/zone.h"

namespace signalbox::schedule {

/// Minutes, hours, day of month, month, day of week, year, as "Cron expressions" in the EventBridge user guide has
/// them.
class Cron {
 public:
  static constexpr int kFirstYear = 1970;
  static constexpr int kLastYear = 2199;

  /// `fields` is what stands between the parentheses. Empty optional on anything that AWS does not take.
  static std::optional<Cron> parse(std::string_view fields);

  /// The first matching minute at or after `from`; none when the years are over.
  std::optional<LocalTime> next(LocalTime from) const;

 private:
  using Values = std::bitset<64>;
  bool parse_day_of_month(std::string_view text);
  bool parse_day_of_week(std::string_view text);
  /// The matching days of a month, a bit each.
  std::uint32_t days_of(std::chrono::year year, std::chrono::month month) const;

  Values minutes_;
  Values hours_;
  Values months_;
  std::bitset<kLastYear - kFirstYear + 1> years_;

  Values days_;                    // of the month
  bool last_day_ = false;          // L
  std::vector<int> near_weekday_;  // 15W

  bool by_weekday_ = false;                         // else by day of the month
  Values weekdays_;                                 // 1 is Sunday
  std::vector<int> last_weekdays_;                  // 6L: the last Friday
  std::optional<std::pair<int, int>> nth_weekday_;  // 3#2: the second Tuesday
};

}  // namespace signalbox::schedule
