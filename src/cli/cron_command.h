// `signalbox cron`: when a schedule expression is due.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/clock.h"

namespace signalbox::cli {

struct CronOptions {
  std::string expression;
  std::string zone = "UTC";
  int count = 10;
  std::string after;  // ISO 8601; "" for now
};

void describe_cron(CLI::App& command, CronOptions& options);

/// Prints the next times, one a line. Returns the exit status: 0, 1 when it is never due again, 2 on an error.
int cron(const CronOptions& options, const Clock& clock);

}  // namespace signalbox::cli
