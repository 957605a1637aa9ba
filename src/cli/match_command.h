// `signalbox match`: grep for events.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace signalbox::cli {

struct MatchOptions {
  std::vector<std::string> patterns;  // files
  bool invert = false;
  bool count = false;
  bool explain = false;
  bool bench = false;
};

void describe_match(CLI::App& command, MatchOptions& options);

/// Reads events from standard input, one a line. Returns the exit status, as grep's: 0 when a line was selected, 1
/// when none was, 2 on an error.
int match(const MatchOptions& options);

}  // namespace signalbox::cli
