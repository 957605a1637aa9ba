// `signalbox clock`: reads and moves a server's virtual clock.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/ask.h"

namespace signalbox::cli {

struct ClockOptions {
  std::string endpoint = kDefaultEndpoint;
  std::string advance;  // "" for none
  std::string set;      // "" for none
};

void describe_clock(CLI::App& command, ClockOptions& options);

/// Prints the time when all that was due is done. Returns the exit status: 0, or 1 with the reason on standard error.
int clock(const ClockOptions& options);

}  // namespace signalbox::cli
