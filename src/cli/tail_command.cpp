#include "cli/tail_command.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "cloud/scope.h"
#include "json/json.h"

namespace signalbox::cli {
namespace {

constexpr const char* kPath = "/_signalbox/tail";
constexpr const char* kFile = "file://";

constexpr const char* kPlain = "\033[0m";
constexpr const char* kBold = "\033[1m";
constexpr const char* kDim = "\033[2m";
constexpr const char* kGreen = "\033[32m";
constexpr const char* kYellow = "\033[33m";
constexpr const char* kRed = "\033[31m";

Result<std::string> pattern_of(const std::string& given) {
  if (!given.starts_with(kFile)) return given;
  std::ifstream file(given.substr(std::string_view(kFile).size()));
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return fail("TailError", "cannot read " + given);
  return text.str();
}

std::string question_body(const TailOptions& options, const std::string& pattern) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  writer.member("bus", options.bus);
  writer.member("pattern", pattern);
  writer.end_object();
  return body;
}

std::string text_of(json::Value object, std::string_view name) {
  const auto found = object.find(name);
  return found && found->is_string() ? found->as_string() : "";
}

/// No character that moves a terminal's cursor: what events say comes from anybody.
std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

/// "09:30:00.125" of an ISO 8601 time.
std::string clock_time(const std::string& time) {
  return time.size() > 12 ? time.substr(11, 12) : time;
}

/// The last part of an ARN: what people call the thing.
std::string short_name(const std::string& arn) {
  const auto cut = arn.find_last_of(":/");
  return cut == std::string::npos ? arn : arn.substr(cut + 1);
}

std::string service_of(const std::string& arn) {
  const auto parsed = cloud::Arn::parse(arn);
  return parsed ? parsed->service : "";
}

void show_event(json::Value line) {
  const auto event = line.find("event");
  if (!event) return;
  std::printf("%s%s%s %s%s%s  %s  %s%s%s\n", kDim, clock_time(text_of(line, "time")).c_str(), kPlain, kBold,
              printable(text_of(*event, "detail-type")).c_str(), kPlain, printable(text_of(*event, "source")).c_str(),
              kDim, printable(text_of(line, "bus") + "  " + text_of(*event, "id")).c_str(), kPlain);
  if (const auto detail = event->find("detail")) {
    std::printf("             %s\n", printable(std::string(detail->raw())).c_str());
  }
  std::string rules;
  if (const auto names = line.find("rules")) {
    for (const json::Value name : names->elements()) rules += (rules.empty() ? "" : ", ") + name.as_string();
  }
  std::printf("             %s%s%s\n", rules.empty() ? kDim : kGreen,
              (rules.empty() ? "no rule matched" : "matched " + printable(rules)).c_str(), kPlain);
}

void show_delivery(json::Value line) {
  const std::string outcome = text_of(line, "outcome");
  const std::string target = text_of(line, "target");
  const char* colour = outcome == "delivered" ? kGreen : outcome == "retrying" ? kYellow : kRed;
  std::string more;
  if (const std::string code = text_of(line, "code"); !code.empty()) more += "  " + code;
  if (const std::string message = text_of(line, "message"); !message.empty()) more += ": " + message;
  if (const std::string next = text_of(line, "nextAttempt"); !next.empty()) more += ", again at " + clock_time(next);
  std::printf("%s%s%s   %s%s%s %s > %s %s%s%s  %s%s%s\n", kDim, clock_time(text_of(line, "time")).c_str(), kPlain,
              colour, outcome.c_str(), kPlain, printable(short_name(text_of(line, "rule"))).c_str(),
              printable(service_of(target)).c_str(), printable(short_name(target)).c_str(), printable(more).c_str(),
              kPlain, kDim, printable(text_of(line, "event")).c_str(), kPlain);
}

void show(const std::string& text) {
  json::Document document;
  const auto line = document.parse(text);
  if (!line || !line->is_object()) return;
  const std::string kind = text_of(*line, "kind");
  if (kind == "event") show_event(*line);
  if (kind == "delivery") show_delivery(*line);
  if (kind == "lost") std::printf("%ssome lines came too fast and were lost%s\n", kRed, kPlain);
}

int refuse(const std::string& why) {
  std::fprintf(stderr, "signalbox: %s\n", why.c_str());
  return 1;
}

}  // namespace

void describe_tail(CLI::App& command, TailOptions& options) {
  command.add_option("--endpoint-url", options.endpoint, "The server")
      ->envname("AWS_ENDPOINT_URL")
      ->capture_default_str();
  command.add_option("--bus", options.bus, "Event bus to watch (default: all of them)");
  command.add_option("--pattern", options.pattern, "Show only events that match: an event pattern, or file://PATH");
  command.add_option("--region", options.caller.region, "Region to watch")
      ->envname("AWS_DEFAULT_REGION")
      ->capture_default_str();
  command.add_option("--access-key", options.caller.access_key, "Access key, which says the account")
      ->envname("AWS_ACCESS_KEY_ID")
      ->capture_default_str();
  command.add_option("--secret-key", options.caller.secret_key, "Secret of the access key")
      ->envname("AWS_SECRET_ACCESS_KEY");
  command.footer(
      "In a pipe each line is JSON: {\"kind\":\"watching\"} once all is seen, then {\"kind\":\"event\",...} and "
      "{\"kind\":\"delivery\",...}.");
}

int tail(const TailOptions& options) {
  const auto pattern = pattern_of(options.pattern);
  if (!pattern) return refuse(pattern.error().message);
  const auto begun = ask({options.endpoint, kPath, question_body(options, *pattern)}, &options.caller);
  if (!begun) return refuse(begun.error().message);
  if (begun->status != 200) return refuse(text_member(begun->body, "message"));
  const std::string target = std::string(kPath) + "?wait=20&watch=" + text_member(begun->body, "watch");
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  if (terminal) {
    std::printf("%sWatching %s. Ctrl-C ends it.%s\n", kDim, options.endpoint.c_str(), kPlain);
  } else {
    std::printf("{\"kind\":\"watching\"}\n");
  }
  std::fflush(stdout);
  for (;;) {
    const auto answer = ask({options.endpoint, target, ""}, &options.caller);
    if (!answer) return refuse(answer.error().message);
    if (answer->status != 200) return refuse(text_member(answer->body, "message"));
    std::istringstream lines(answer->body);
    for (std::string line; std::getline(lines, line);) {
      if (terminal) {
        show(line);
      } else {
        std::printf("%s\n", line.c_str());
      }
    }
    if (std::fflush(stdout) != 0) return 0;  // whoever read the pipe has gone
  }
}

}  // namespace signalbox::cli
