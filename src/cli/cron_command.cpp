#include "cli/cron_command.h"

#include <cstdio>
#include <optional>

#include "base/time_text.h"
#include "schedule/schedule.h"

namespace signalbox::cli {
namespace {

int refuse(const char* what, const std::string& text) {
  std::fprintf(stderr, "signalbox: %s: %s\n", what, text.c_str());
  return 2;
}

/// "2026-11-24 09:00:00 PST"
std::string local_text(const schedule::Zone& zone, Time time) {
  std::string text = to_iso8601(Time(zone.to_local(time).time_since_epoch()));
  text[10] = ' ';
  text.back() = ' ';
  return text + zone.abbreviation(time);
}

}  // namespace

void describe_cron(CLI::App& command, CronOptions& options) {
  command.add_option("EXPRESSION", options.expression, "cron(...), rate(...) or at(...)")->required();
  command.add_option("--tz", options.zone, "Time zone, as America/Los_Angeles")->capture_default_str();
  command.add_option("-n,--count", options.count, "How many times")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  command.add_option("--after", options.after, "Start from this moment (2026-11-24T09:00:00Z) instead of now");
  command.footer(
      "For example: signalbox cron 'cron(0 9 ? * MON-FRI *)' --tz America/Los_Angeles\nA rate counts from the start.");
}

int cron(const CronOptions& options, const Clock& clock) {
  const auto schedule = schedule::Schedule::parse(options.expression);
  if (!schedule) return refuse("no valid schedule expression", options.expression);
  const auto zone = schedule::Zone::find(options.zone);
  if (!zone) return refuse("no such time zone", options.zone);
  const auto start = options.after.empty() ? clock.now() : from_iso8601(options.after);
  if (!start) return refuse("no such time", options.after);
  std::optional<Time> time = start;
  for (int i = 0; i < options.count; ++i) {
    time = schedule->next(*time, *start, *zone);
    if (!time) {
      if (i == 0) std::fprintf(stderr, "signalbox: never due again\n");
      return i == 0 ? 1 : 0;
    }
    std::printf("%s  %s\n", to_iso8601(*time).c_str(), local_text(*zone, *time).c_str());
  }
  return 0;
}

}  // namespace signalbox::cli
