// `signalbox sink`: a small HTTP server that shows what it receives and answers as it is told, for trying webhooks.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace signalbox::cli {

struct SinkOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::optional<std::uint16_t> smtp_port = {};  // none: takes no mail
  int status = 200;
  unsigned delay_ms = 0;
  bool hang = false;
  bool quiet = false;
  std::string body;
};

void describe_sink(CLI::App& command, SinkOptions& options);

/// Runs until SIGINT or SIGTERM. Returns the exit status: 0, or 1 with the reason on standard error.
int sink(const SinkOptions& options);

}  // namespace signalbox::cli
