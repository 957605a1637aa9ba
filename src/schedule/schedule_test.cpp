#include "schedule/schedule.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/time_text.h"

namespace signalbox::schedule {
namespace {

Time at(std::string_view text) {
  const auto time = from_iso8601(text);
  EXPECT_TRUE(time) << text;
  return time.value_or(Time());
}

/// The next `count` times after `after`, without the seconds, which are all 0: "2026-11-24T09:00".
std::vector<std::string> times(std::string_view expression, std::string_view after, int count,
                               std::string_view zone = "UTC") {
  const auto schedule = Schedule::parse(expression);
  EXPECT_TRUE(schedule) << expression;
  const auto in = Zone::find(zone);
  EXPECT_TRUE(in) << zone;
  std::vector<std::string> found;
  if (!schedule || !in) return found;
  std::optional<Time> time = at(after);
  while (count-- > 0 && (time = schedule->next(*time, at("2026-01-01T00:00:30Z"), *in))) {
    const std::string text = to_iso8601(*time);
    found.push_back(text.ends_with(":00Z") ? text.substr(0, 16) : text);
  }
  return found;
}

using Times = std::vector<std::string>;

struct Case {
  const char* expression;
  Times next;  // after Tuesday, 2026-11-24T10:10:00Z
};

TEST(Cron, FindsTheNextTimes) {
  const Case cases[] = {
      // Those of "Cron expressions" in the EventBridge user guide.
      {"cron(0 10 * * ? *)", {"2026-11-25T10:00", "2026-11-26T10:00"}},
      {"cron(15 12 * * ? *)", {"2026-11-24T12:15", "2026-11-25T12:15"}},
      {"cron(0 18 ? * MON-FRI *)",
       {"2026-11-24T18:00", "2026-11-25T18:00", "2026-11-26T18:00", "2026-11-27T18:00", "2026-11-30T18:00"}},
      {"cron(0 8 1 * ? *)", {"2026-12-01T08:00", "2027-01-01T08:00"}},
      {"cron(0/15 * * * ? *)", {"2026-11-24T10:15", "2026-11-24T10:30", "2026-11-24T10:45", "2026-11-24T11:00"}},
      {"cron(0/5 8-17 ? * MON-FRI *)", {"2026-11-24T10:15", "2026-11-24T10:20"}},
      {"cron(0/30 20-2 ? * MON-FRI *)", {"2026-11-24T20:00", "2026-11-24T20:30"}},
      // Every corner of the six fields.
      {"cron(10 10 * * ? *)", {"2026-11-25T10:10"}},  // never the moment itself
      {"cron(*/20 23 * * ? *)", {"2026-11-24T23:00", "2026-11-24T23:20", "2026-11-24T23:40", "2026-11-25T23:00"}},
      {"cron(5,7 0 L * ? *)", {"2026-11-30T00:05", "2026-11-30T00:07", "2026-12-31T00:05"}},
      {"cron(0 0 31 * ? *)", {"2026-12-31T00:00", "2027-01-31T00:00", "2027-03-31T00:00"}},
      {"cron(0 0 29 2 ? *)", {"2028-02-29T00:00", "2032-02-29T00:00"}},
      {"cron(0 0 28W * ? *)", {"2026-11-27T00:00", "2026-12-28T00:00"}},   // a Saturday: the Friday before
      {"cron(0 0 29W * ? *)", {"2026-11-30T00:00", "2026-12-29T00:00"}},   // a Sunday: the Monday after
      {"cron(0 0 1W 5,8 ? *)", {"2027-05-03T00:00", "2027-08-02T00:00"}},  // never into the month before
      {"cron(0 0 31W 1 ? 2027)", {"2027-01-29T00:00"}},                    // nor into the one after
      {"cron(0 0 ? * 6L *)", {"2026-11-27T00:00", "2026-12-25T00:00"}},
      {"cron(0 0 ? * FRIL *)", {"2026-11-27T00:00", "2026-12-25T00:00"}},
      {"cron(0 0 ? * L *)", {"2026-11-28T00:00"}},
      {"cron(0 0 ? * 3#2 *)", {"2026-12-08T00:00", "2027-01-12T00:00"}},
      {"cron(0 0 ? * tue#5 *)", {"2026-12-29T00:00", "2027-03-30T00:00"}},
      {"cron(0 0 ? * FRI-SUN *)", {"2026-11-27T00:00", "2026-11-28T00:00", "2026-11-29T00:00", "2026-12-04T00:00"}},
      {"cron(0 0 1 JAN/6 ? *)", {"2027-01-01T00:00", "2027-07-01T00:00"}},
      {"cron(59 23 31 12 ? 2199)", {"2199-12-31T23:59"}},
      {"cron(0 0 1 1 ? 2030-2040/5)", {"2030-01-01T00:00", "2035-01-01T00:00", "2040-01-01T00:00"}},
      {"cron(0 0 30 2 ? *)", {}},
      {"cron(0 0 1 1 ? 2020)", {}},
      {"cron(  0  9  *  *  ?  *  )", {"2026-11-25T09:00"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.expression);
    const int more = c.next.empty() ? 1 : static_cast<int>(c.next.size());
    EXPECT_EQ(times(c.expression, "2026-11-24T10:10:00Z", more), c.next);
  }
}

TEST(Schedule, RefusesWhatIsNone) {
  const char* const bad[] = {"",
                             "cron",
                             "cron()",
                             "cron(* * * * *)",
                             "cron(* * * * * *)",
                             "cron(* * ? * ? *)",
                             "cron(* * 1 * 1 *)",
                             "cron(60 * * * ? *)",
                             "cron(* 24 * * ? *)",
                             "cron(* * 0 * ? *)",
                             "cron(* * 32 * ? *)",
                             "cron(* * * 13 ? *)",
                             "cron(* * ? * 8 *)",
                             "cron(* * ? * 0 *)",
                             "cron(* * * * ? 1969)",
                             "cron(* * * * ? 2200)",
                             "cron(0/0 * * * ? *)",
                             "cron(-1 * * * ? *)",
                             "cron(1- * * * ? *)",
                             "cron(,1 * * * ? *)",
                             "cron(1, * * * ? *)",
                             "cron(*,1 * * * ? *)",
                             "cron(? * * * ? *)",
                             "cron(* * ? * 3#6 *)",
                             "cron(* * ? * 3#1,6#3 *)",
                             "cron(* * ? * MON/2 *)",
                             "cron(* * ? * MOO *)",
                             "cron(* * W * ? *)",
                             "cron(* * 32W * ? *)",
                             "cron(0 9 * * ? * *)",
                             "cron(0 9 * * ? *",
                             "cron(0 99999999999 * * ? *)",
                             "cron(0 9 * FOO ? *)",
                             "cron 0 9 * * ? *",
                             "Cron(0 9 * * ? *)",
                             "rate(0 minutes)",
                             "rate(1 minutes)",
                             "rate(2 minute)",
                             "rate(-5 minutes)",
                             "rate(5)",
                             "rate(minutes)",
                             "rate(5 seconds)",
                             "rate(1.5 hours)",
                             "rate(5  minutes)",
                             "rate(99999999999 days)",
                             "rate(5 minutes",
                             "at(2026-11-24)",
                             "at(2026-11-24T09:00:00Z)",
                             "at(2026-13-24T09:00:00)",
                             "at(2026-02-30T09:00:00)",
                             "at(2026-11-24T25:00:00)",
                             "every(5 minutes)"};
  for (const char* text : bad) EXPECT_FALSE(Schedule::parse(text)) << text;
}

TEST(Rate, CountsFromItsStart) {
  EXPECT_EQ(times("rate(1 minute)", "2026-01-01T00:00:00Z", 2),
            (Times{"2026-01-01T00:01:30Z", "2026-01-01T00:02:30Z"}));
  EXPECT_EQ(times("rate(5 minutes)", "2026-01-01T00:05:30Z", 1), (Times{"2026-01-01T00:10:30Z"}));
  EXPECT_EQ(times("rate(1 hour)", "2026-01-01T12:00:29Z", 2), (Times{"2026-01-01T12:00:30Z", "2026-01-01T13:00:30Z"}));
  EXPECT_EQ(times("rate(7 days)", "2026-01-08T00:00:29Z", 1), (Times{"2026-01-08T00:00:30Z"}));
}

TEST(At, IsDueOnce) {
  EXPECT_EQ(times("at(2026-11-24T09:00:01)", "2026-11-24T00:00:00Z", 2), (Times{"2026-11-24T09:00:01Z"}));
  EXPECT_EQ(times("at(2026-07-01T09:00:00)", "2026-01-01T00:00:00Z", 2, "Europe/Berlin"), (Times{"2026-07-01T07:00"}));
}

TEST(Zone, DaylightSavingSkipsAndRunsOnce) {
  // Los Angeles, 2026: clocks go from 2:00 to 3:00 on 8 March and from 2:00 back to 1:00 on 1 November.
  EXPECT_EQ(times("cron(30 2 * * ? *)", "2026-03-07T00:00:00Z", 3, "America/Los_Angeles"),
            (Times{"2026-03-07T10:30", "2026-03-09T09:30", "2026-03-10T09:30"}));
  EXPECT_EQ(times("cron(30 1 * * ? *)", "2026-10-31T00:00:00Z", 3, "America/Los_Angeles"),
            (Times{"2026-10-31T08:30", "2026-11-01T08:30", "2026-11-02T09:30"}));
  // Between the first 1:30 and the second nothing is due, and nothing twice.
  EXPECT_EQ(times("cron(0/30 1 * * ? *)", "2026-11-01T08:45:00Z", 1, "America/Los_Angeles"),
            (Times{"2026-11-02T09:00"}));
  EXPECT_FALSE(Zone::find("Mars/Olympus"));
  EXPECT_FALSE(Zone::find(""));
  EXPECT_FALSE(Zone::find("../../etc/passwd"));
  EXPECT_EQ(Zone::find("Europe/Berlin")->abbreviation(at("2026-07-01T00:00:00Z")), "CEST");
}

}  // namespace
}  // namespace signalbox::schedule
