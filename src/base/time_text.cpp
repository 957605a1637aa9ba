#include "base/time_text.h"

#include <fmt/format.h>

#include <array>

namespace signalbox {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Civil {
  int year;
  unsigned month, day, weekday, hour, minute, second, millisecond;
};

Civil civil(Time time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(time - days);
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          std::chrono::weekday(days).c_encoding(),
          static_cast<unsigned>(clock.hours().count()),
          static_cast<unsigned>(clock.minutes().count()),
          static_cast<unsigned>(clock.seconds().count()),
          static_cast<unsigned>(clock.subseconds().count())};
}

std::optional<Time> make_time(const Civil& c) {
  const std::chrono::year_month_day date{std::chrono::year(c.year), std::chrono::month(c.month),
                                         std::chrono::day(c.day)};
  if (!date.ok() || c.hour > 23 || c.minute > 59 || c.second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(c.hour) + std::chrono::minutes(c.minute) +
         std::chrono::seconds(c.second) + std::chrono::milliseconds(c.millisecond);
}

/// Reads fixed-width fields one after another; `ok` turns false at the first that is not there.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  unsigned digits(std::size_t count) {
    unsigned value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_.empty() || rest_[0] < '0' || rest_[0] > '9') {
        ok_ = false;
        return 0;
      }
      value = value * 10 + static_cast<unsigned>(rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  void literal(std::string_view text) {
    if (rest_.starts_with(text)) {
      rest_.remove_prefix(text.size());
    } else {
      ok_ = false;
    }
  }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  /// Digits after a decimal point, as milliseconds; finer ones are dropped.
  unsigned fraction() {
    unsigned value = 0;
    int count = 0;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; rest_.remove_prefix(1), ++count) {
      if (count < 3) value = value * 10 + static_cast<unsigned>(rest_[0] - '0');
    }
    if (count == 0) ok_ = false;
    for (; count < 3; ++count) value *= 10;
    return value;
  }
  /// Index in `names` of the name that comes next.
  template <std::size_t N>
  unsigned name(const std::array<std::string_view, N>& names) {
    for (unsigned i = 0; i < N; ++i) {
      if (take(names[i])) return i;
    }
    ok_ = false;
    return 0;
  }
  bool ok_at_end() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

std::string to_iso8601(Time time) {
  const Civil c = civil(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string to_iso8601_millis(Time time) {
  const Civil c = civil(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", c.year, c.month, c.day, c.hour, c.minute, c.second,
                     c.millisecond);
}

std::optional<Time> from_iso8601(std::string_view text) {
  Scanner scan(text);
  Civil c{};
  c.year = static_cast<int>(scan.digits(4));
  scan.literal("-");
  c.month = scan.digits(2);
  scan.literal("-");
  c.day = scan.digits(2);
  if (!scan.take("t")) scan.literal("T");
  c.hour = scan.digits(2);
  scan.literal(":");
  c.minute = scan.digits(2);
  scan.literal(":");
  c.second = scan.digits(2);
  if (scan.take(".")) c.millisecond = scan.fraction();
  std::chrono::minutes offset{0};
  if (!scan.take("Z") && !scan.take("z")) {
    const bool west = scan.take("-");
    if (!west) scan.literal("+");
    const unsigned hours = scan.digits(2);
    scan.literal(":");
    offset = std::chrono::minutes(hours * 60 + scan.digits(2)) * (west ? -1 : 1);
  }
  if (!scan.ok_at_end()) return std::nullopt;
  const auto time = make_time(c);
  if (!time) return std::nullopt;
  return *time - offset;
}

std::optional<Time> from_amz_date(std::string_view text) {
  Scanner scan(text);
  Civil c{};
  c.year = static_cast<int>(scan.digits(4));
  c.month = scan.digits(2);
  c.day = scan.digits(2);
  scan.literal("T");
  c.hour = scan.digits(2);
  c.minute = scan.digits(2);
  c.second = scan.digits(2);
  scan.literal("Z");
  if (!scan.ok_at_end()) return std::nullopt;
  return make_time(c);
}

std::string to_amz_date(Time time) {
  const Civil c = civil(time);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string to_http_date(Time time) {
  const Civil c = civil(time);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[c.weekday], c.day, kMonths[c.month - 1], c.year,
                     c.hour, c.minute, c.second);
}

std::optional<Time> from_http_date(std::string_view text) {
  Scanner scan(text);
  Civil c{};
  scan.name(kDays);
  scan.literal(", ");
  c.day = scan.digits(2);
  scan.literal(" ");
  c.month = scan.name(kMonths) + 1;
  scan.literal(" ");
  c.year = static_cast<int>(scan.digits(4));
  scan.literal(" ");
  c.hour = scan.digits(2);
  scan.literal(":");
  c.minute = scan.digits(2);
  scan.literal(":");
  c.second = scan.digits(2);
  scan.literal(" GMT");
  if (!scan.ok_at_end()) return std::nullopt;
  return make_time(c);
}

}  // namespace signalbox
