#include "schedule/cron.h"

#include <array>
#include <charconv>
#include <span>
#include <string>

namespace signalbox::schedule {
namespace {

namespace chrono = std::chrono;

constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                      "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

/// What the values of a field are.
struct Range {
  int first;
  int last;
  std::span<const std::string_view> names = {};  // of the values from `first` on
};
constexpr Range kDayOfMonth{1, 31};
constexpr Range kDayOfWeek{1, 7, kWeekdays};

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.size() > 4 || text.front() == '-' || error != std::errc() ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<int> value_of(std::string_view text, const Range& range) {
  for (std::size_t i = 0; i < range.names.size(); ++i) {
    if (text == range.names[i]) return range.first + static_cast<int>(i);
  }
  const auto value = number(text);
  if (!value || *value < range.first || *value > range.last) return std::nullopt;
  return value;
}

/// "*", "5", "MON-FRI", "0/15", "10-40/5", "*/2"; a range may go over the end ("FRI-MON"). Calls `add` for each value.
template <class Add>
bool parse_item(std::string_view item, const Range& range, bool with_steps, const Add& add) {
  const auto slash = item.find('/');
  int step = 1;
  if (slash != std::string_view::npos) {
    const auto given = number(item.substr(slash + 1));
    if (!with_steps || !given || *given < 1 || *given > range.last) return false;
    step = *given;
    item = item.substr(0, slash);
  }
  int first = range.first;
  int last = range.last;
  if (item != "*") {
    const auto dash = item.find('-');
    const auto from = value_of(item.substr(0, dash), range);
    if (!from) return false;
    first = *from;
    if (dash != std::string_view::npos) {
      const auto to = value_of(item.substr(dash + 1), range);
      if (!to) return false;
      last = *to < first ? *to + range.last - range.first + 1 : *to;
    } else if (slash == std::string_view::npos) {
      last = first;
    }
  }
  for (int value = first; value <= last; value += step) {
    add(value > range.last ? value - (range.last - range.first + 1) : value);
  }
  return true;
}

template <class Bits>
bool parse_list(std::string_view text, const Range& range, int offset, Bits& into, bool with_steps = true) {
  const auto items = split(text, ',');
  for (const auto item : items) {
    if (item.starts_with('*') && items.size() > 1) return false;
    if (!parse_item(item, range, with_steps, [&](int v) { into.set(static_cast<std::size_t>(v - offset)); })) {
      return false;
    }
  }
  return true;
}

unsigned last_of(chrono::year year, chrono::month month) {
  return static_cast<unsigned>((year / month / chrono::last).day());
}

std::optional<int> first_from(const std::bitset<64>& values, int from) {
  for (int i = from; i < 64; ++i) {
    if (values.test(static_cast<std::size_t>(i))) return i;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Cron> Cron::parse(std::string_view fields) {
  const std::string text = upper(fields);
  std::vector<std::string_view> parts;
  for (const auto part : split(text, ' ')) {
    if (!part.empty()) parts.push_back(part);
  }
  if (parts.size() != 6) return std::nullopt;
  // One of the two must leave the days to the other.
  if ((parts[2] == "?") == (parts[4] == "?")) return std::nullopt;
  Cron cron;
  cron.by_weekday_ = parts[2] == "?";
  const bool days = cron.by_weekday_ ? cron.parse_day_of_week(parts[4]) : cron.parse_day_of_month(parts[2]);
  if (!days || !parse_list(parts[0], {0, 59}, 0, cron.minutes_) || !parse_list(parts[1], {0, 23}, 0, cron.hours_) ||
      !parse_list(parts[3], {1, 12, kMonths}, 0, cron.months_) ||
      !parse_list(parts[5], {kFirstYear, kLastYear}, kFirstYear, cron.years_)) {
    return std::nullopt;
  }
  return cron;
}

bool Cron::parse_day_of_month(std::string_view text) {
  const auto items = split(text, ',');
  for (const auto item : items) {
    if (item == "L") {
      last_day_ = true;
    } else if (item.ends_with('W')) {
      const auto day = value_of(item.substr(0, item.size() - 1), kDayOfMonth);
      if (!day) return false;
      near_weekday_.push_back(*day);
    } else if ((item.starts_with('*') && items.size() > 1) ||
               !parse_item(item, kDayOfMonth, true, [this](int v) { days_.set(static_cast<std::size_t>(v)); })) {
      return false;
    }
  }
  return true;
}

bool Cron::parse_day_of_week(std::string_view text) {
  if (const auto hash = text.find('#'); hash != std::string_view::npos) {
    // "you can define only one expression in the day-of-week field" with it.
    const auto day = value_of(text.substr(0, hash), kDayOfWeek);
    const auto nth = value_of(text.substr(hash + 1), {1, 5});
    if (!day || !nth) return false;
    nth_weekday_ = {*day, *nth};
    return true;
  }
  const auto items = split(text, ',');
  for (const auto item : items) {
    if (item == "L") {
      weekdays_.set(7);  // the last day of the week
    } else if (item.ends_with('L')) {
      const auto day = value_of(item.substr(0, item.size() - 1), kDayOfWeek);
      if (!day) return false;
      last_weekdays_.push_back(*day);
    } else if ((item.starts_with('*') && items.size() > 1) ||
               !parse_item(item, kDayOfWeek, false, [this](int v) { weekdays_.set(static_cast<std::size_t>(v)); })) {
      return false;
    }
  }
  return true;
}

std::uint32_t Cron::days_of(chrono::year year, chrono::month month) const {
  const auto last = static_cast<int>(last_of(year, month));
  const auto weekday_of = [&](int day) {  // 1 is Sunday
    const chrono::weekday weekday(chrono::local_days(year / month / day));
    return static_cast<int>(weekday.c_encoding()) + 1;
  };
  std::uint32_t days = 0;
  const auto add = [&days](int day) { days |= 1U << day; };
  if (by_weekday_) {
    for (int day = 1; day <= last; ++day) {
      const int weekday = weekday_of(day);
      if (weekdays_.test(static_cast<std::size_t>(weekday))) add(day);
      if (nth_weekday_ && *nth_weekday_ == std::pair(weekday, (day + 6) / 7)) add(day);
      for (const int wanted : last_weekdays_) {
        if (wanted == weekday && day + 7 > last) add(day);
      }
    }
    return days;
  }
  for (int day = 1; day <= last; ++day) {
    if (days_.test(static_cast<std::size_t>(day))) add(day);
  }
  if (last_day_) add(last);
  for (const int day : near_weekday_) {
    if (day > last) continue;
    // Saturday goes back to Friday and Sunday on to Monday, but not out of the month.
    const int weekday = weekday_of(day);
    if (weekday == 7) {
      add(day > 1 ? day - 1 : day + 2);
    } else if (weekday == 1) {
      add(day < last ? day + 1 : day - 2);
    } else {
      add(day);
    }
  }
  return days;
}

std::optional<LocalTime> Cron::next(LocalTime from) const {
  auto minute = chrono::ceil<chrono::minutes>(from);
  auto date = chrono::year_month_day(chrono::floor<chrono::days>(minute));
  auto in_day = static_cast<int>((minute - chrono::local_days(date)).count());
  if (date.year() < chrono::year(kFirstYear)) {
    date = chrono::year(kFirstYear) / 1 / 1;
    in_day = 0;
  }
  auto first_day = static_cast<unsigned>(date.day());
  for (auto month = chrono::year_month(date.year(), date.month()); month.year() <= chrono::year(kLastYear);
       month += chrono::months(1), first_day = 1, in_day = 0) {
    if (!years_.test(static_cast<std::size_t>(static_cast<int>(month.year()) - kFirstYear))) continue;
    if (!months_.test(static_cast<unsigned>(month.month()))) continue;
    const std::uint32_t days = days_of(month.year(), month.month());
    for (unsigned day = first_day; day <= 31; ++day, in_day = 0) {
      if ((days >> day & 1U) == 0) continue;
      for (auto hour = first_from(hours_, in_day / 60); hour; hour = first_from(hours_, *hour + 1)) {
        const auto at = first_from(minutes_, *hour == in_day / 60 ? in_day % 60 : 0);
        if (at)
          return LocalTime(chrono::local_days(month / chrono::day(day))) + chrono::hours(*hour) + chrono::minutes(*at);
      }
    }
  }
  return std::nullopt;
}

}  // namespace signalbox::schedule
