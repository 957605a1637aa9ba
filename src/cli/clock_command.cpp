#include "cli/clock_command.h"

#include <cstdio>

#include "cli/ask.h"
#include "json/json.h"

namespace signalbox::cli {
namespace {

/// {"KEY":"VALUE"}
std::string body_of(std::string_view key, std::string_view value) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  writer.member(key, value);
  writer.end_object();
  return body;
}

}  // namespace

void describe_clock(CLI::App& command, ClockOptions& options) {
  command.add_option("--endpoint-url", options.endpoint, "The server")
      ->envname("AWS_ENDPOINT_URL")
      ->capture_default_str();
  command.add_subcommand("get", "Print the server's time");
  command.add_subcommand("advance", "Move it on: everything due in between happens, in order")
      ->add_option("DURATION", options.advance, "90s, 15m, 1d12h")
      ->required();
  command.add_subcommand("set", "Move it on to a moment")
      ->add_option("TIME", options.set, "2026-11-24T09:00:00Z")
      ->required();
  command.require_subcommand(0, 1);
  for (CLI::App* const one : command.get_subcommands({}))
    one->fallthrough();  // --endpoint-url may stand behind it, too
  command.footer("The server needs --clock virtual to be moved. For example: signalbox clock advance 1d");
}

int clock(const ClockOptions& options) {
  std::string body;
  if (!options.advance.empty()) body = body_of("advance", options.advance);
  if (!options.set.empty()) body = body_of("set", options.set);
  const auto answer = ask({options.endpoint, "/_signalbox/clock", body});
  if (!answer || answer->status != 200) {
    const std::string why = answer ? text_member(answer->body, "message") : answer.error().message;
    std::fprintf(stderr, "signalbox: %s\n", why.c_str());
    return 1;
  }
  std::printf("%s\n", text_member(answer->body, "now").c_str());
  return 0;
}

}  // namespace signalbox::cli
