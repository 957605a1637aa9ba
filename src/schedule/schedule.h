// Schedule expressions: cron(), rate() and at(), and when they are due.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/result.h"
#include "schedule/cron.h"
#include "schedule/zone.h"

namespace signalbox::schedule {

class Schedule {
 public:
  enum class Kind { kCron, kRate, kAt };

  /// "cron(0 9 ? * MON-FRI *)", "rate(5 minutes)", "at(2026-11-24T09:00:00)". Empty optional on what AWS does not take:
  /// callers have their own service's error text.
  static std::optional<Schedule> parse(std::string_view text);

  Kind kind() const { return static_cast<Kind>(how_.index()); }

  /// The first time after `after`. A rate counts from `start`; cron() and at() are read in `zone`. A local time that
  /// clocks skip does not happen, one that they show twice happens the first time only ("Daylight saving time" in the
  /// EventBridge Scheduler user guide). None when it is never due again.
  std::optional<Time> next(Time after, Time start, const Zone& zone = {}) const;

 private:
  struct Rate {
    Duration period;
  };
  struct At {
    LocalTime local;
  };
  explicit Schedule(std::variant<Cron, Rate, At> how) : how_(std::move(how)) {}
  static std::optional<Rate> parse_rate(std::string_view text);
  static std::optional<At> parse_at(std::string_view text);

  std::variant<Cron, Rate, At> how_;  // in the order of Kind
};

}  // namespace signalbox::schedule
