// `signalbox tail`: live events, the rules they matched, and what became of each delivery.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/ask.h"

namespace signalbox::cli {

struct TailOptions {
  std::string endpoint = kDefaultEndpoint;
  std::string bus;      // "" for every bus
  std::string pattern;  // an event pattern, or file://PATH; "" for every event
  Caller caller{"000000000000", "any", "us-east-1"};
};

void describe_tail(CLI::App& command, TailOptions& options);

/// Prints until it is ended: in colours on a terminal, lines of JSON elsewhere. Returns 1 with the reason on standard
/// error when the server cannot be asked.
int tail(const TailOptions& options);

}  // namespace signalbox::cli
