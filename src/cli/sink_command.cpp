#include "cli/sink_command.h"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <cstdio>
#include <deque>
#include <map>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time_text.h"
#include "cli/sink_mail.h"
#include "http/server.h"
#include "json/json.h"
#include "mail/letter.h"

namespace signalbox::cli {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kKept = 10'000;
constexpr std::string_view kControl = "/_sink/";
constexpr std::string_view kStatusPath = "/status/";
constexpr auto kLongestHang = std::chrono::hours(1);

/// How one request is answered: the command line's way, changed by what the request's path and query ask for.
struct Behaviour {
  int status = 200;
  std::uint64_t delay_ms = 0;
  bool hang = false;
  std::string close;        // "headers", "body": break off there
  std::string retry_after;  // "" for none
  std::uint64_t fail = 0;   // so many requests of this path first
};

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Behaviour behaviour_of(const SinkOptions& options, const http::Request& request) {
  Behaviour how{options.status, options.delay_ms, options.hang, "", "", 0};
  if (request.path().starts_with(kStatusPath)) {
    how.status = static_cast<int>(number_of(request.path().substr(kStatusPath.size())));
  }
  std::string_view query = request.query();
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::string_view name = pair.substr(0, pair.find('='));
    const std::string value = percent_decode(pair.substr(std::min(pair.size(), name.size() + 1)), true).value_or("");
    if (name == "status") how.status = static_cast<int>(number_of(value));
    if (name == "delay") how.delay_ms = number_of(value);
    if (name == "hang") how.hang = value != "0";
    if (name == "close") how.close = value;
    if (name == "retry-after") how.retry_after = value;
    if (name == "fail") how.fail = number_of(value);
  }
  if (how.status < 200 || how.status > 599) how.status = 400;
  return how;
}

void write_body(json::Writer& writer, std::string_view body) {
  json::Document document;
  if (const auto value = document.parse(body); value) {
    std::string compact;
    json::append_minified(compact, *value);
    writer.raw(compact);
  } else if (is_utf8(body)) {
    writer.string(body);
  } else {
    writer.begin_object();
    writer.member("base64", to_base64(body));
    writer.end_object();
  }
}

std::string line_of(const http::Request& request, Time time, int status) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object();
  writer.member("time", to_iso8601_millis(time));
  writer.member("method", request.method);
  writer.member("path", request.path());
  writer.member("query", request.query());
  writer.key("headers");
  writer.begin_object();
  for (const auto& [name, value] : request.headers) writer.member(name, value);
  writer.end_object();
  writer.key("body");
  write_body(writer, request.body);
  writer.key("status");
  writer.number(static_cast<std::int64_t>(status));
  writer.end_object();
  return line;
}

std::string line_of(const SunkMail& sunk, const mail::Received& mail, Time time) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object();
  writer.member("time", to_iso8601_millis(time));
  writer.member("from", sunk.from);
  writer.key("to");
  writer.begin_array();
  for (const std::string& to : sunk.to) writer.string(to);
  writer.end_array();
  writer.member("subject", mail.header("Subject"));
  writer.key("headers");
  writer.begin_object();
  for (const auto& [name, value] : mail.headers) writer.member(name, value);
  writer.end_object();
  writer.key("body");
  write_body(writer, mail.body);
  writer.end_object();
  return line;
}

http::Response json_response(std::string body) {
  http::Response response;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = std::move(body);
  return response;
}

class Sink {
 public:
  Sink(asio::io_context& loop, const SinkOptions& options)
      : loop_(loop), options_(options), colours_(::isatty(STDOUT_FILENO) != 0) {}

  asio::awaitable<http::Response> answer(const http::Request& request, http::Connection& connection) {
    if (request.path().starts_with(kControl)) co_return control(request);
    Behaviour how = behaviour_of(options_, request);
    if (how.fail > 0 && ++failures_[std::string(request.target)] <= how.fail) {
      if (how.status < 400) how.status = 500;
    } else if (how.fail > 0) {
      how = {};
    }
    ++count_;
    if (!options_.quiet) note(request, how.status);
    asio::steady_timer timer(loop_);
    if (how.hang || how.delay_ms > 0) {
      timer.expires_after(how.hang ? std::chrono::milliseconds(kLongestHang) : std::chrono::milliseconds(how.delay_ms));
      connection.watch([&timer] { timer.cancel(); });
      boost::system::error_code gone;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, gone));
      connection.unwatch();
    }
    http::Response response = json_response(options_.body.empty() ? R"({"ok":true})" : options_.body);
    response.status = how.status;
    if (!how.retry_after.empty()) response.headers.emplace_back("Retry-After", how.retry_after);
    if (how.close == "body") response.cut_after = response.body.size() / 2;
    if (how.close == "headers") response.cut_after = 0;
    co_return response;
  }

  void take(SunkMail sunk) {
    const mail::Received mail = mail::read(sunk.text);
    std::string line = line_of(sunk, mail, clock_.now());
    if (!options_.quiet && colours_) {
      std::printf("%s \033[36mmail\033[0m to \033[1m%s\033[0m: %s\n%s\n", to_iso8601_millis(clock_.now()).c_str(),
                  sunk.to.front().c_str(), std::string(mail.header("Subject")).c_str(), mail.body.c_str());
    } else if (!options_.quiet) {
      std::printf("%s\n", line.c_str());
    }
    std::fflush(stdout);
    mails_.push_back(std::move(line));
    if (mails_.size() > kKept) mails_.pop_front();
  }

 private:
  static http::Response list(const std::deque<std::string>& lines) {
    std::string all = "[";
    for (const std::string& line : lines) all.append(all.size() > 1 ? ",\n" : "").append(line);
    return json_response(all + "]\n");
  }

  http::Response control(const http::Request& request) {
    if (request.path() == "/_sink/mail") {
      if (request.method == "DELETE") mails_.clear();
      return list(mails_);
    }
    if (request.path() == "/_sink/count") return json_response("{\"count\":" + std::to_string(count_) + "}\n");
    if (request.path() != "/_sink/requests") {
      http::Response missing = json_response("{\"message\":\"/_sink/requests, /_sink/mail or /_sink/count\"}\n");
      missing.status = 404;
      return missing;
    }
    if (request.method == "DELETE") {
      kept_.clear();
      failures_.clear();
      return json_response("[]\n");
    }
    return list(kept_);
  }

  void note(const http::Request& request, int status) {
    std::string line = line_of(request, clock_.now(), status);
    if (colours_) {
      const char* colour = status < 300 ? "\033[32m" : "\033[31m";
      std::printf("%s %s%d\033[0m \033[1m%s %s\033[0m\n  %s\n", to_iso8601_millis(clock_.now()).c_str(), colour, status,
                  std::string(request.method).c_str(), std::string(request.target).c_str(),
                  std::string(request.body).c_str());
    } else {
      std::printf("%s\n", line.c_str());
    }
    std::fflush(stdout);
    kept_.push_back(std::move(line));
    if (kept_.size() > kKept) kept_.pop_front();
  }

  asio::io_context& loop_;
  const SinkOptions& options_;
  const bool colours_;
  SystemClock clock_;
  std::uint64_t count_ = 0;
  std::deque<std::string> kept_;
  std::deque<std::string> mails_;
  std::map<std::string, std::uint64_t> failures_;
};

}  // namespace

void describe_sink(CLI::App& command, SinkOptions& options) {
  command.add_option("--address", options.address, "Address to listen on")->capture_default_str();
  command.add_option("--port", options.port, "Port to listen on; 0 takes a free one")->capture_default_str();
  command.add_option("--smtp-port", options.smtp_port, "Port to take mail on, too; 0 takes a free one");
  command.add_option("--status", options.status, "Status of the answers")
      ->capture_default_str()
      ->check(CLI::Range(200, 599));
  command.add_option("--delay", options.delay_ms, "Milliseconds before each answer")->capture_default_str();
  command.add_flag("--hang", options.hang, "Never answer");
  command.add_option("--body", options.body, "Body of the answers");
  command.add_flag("--quiet", options.quiet, "Only count");
  command.footer(
      "Requests may ask for an answer: /status/503, ?status=429&retry-after=2, ?delay=500, ?hang=1,\n"
      "?close=headers or ?close=body (breaks off), ?fail=3 (all that so many times, then 200).\n"
      "GET /_sink/requests lists what came, DELETE forgets it; GET /_sink/count counts.\n"
      "GET /_sink/mail lists the mail that came to --smtp-port; mail to refuse@... is refused, to fail-3@... three "
      "times.");
}

int sink(const SinkOptions& options) {
  asio::io_context loop(1);
  FileLog log(STDERR_FILENO, LogLevel::kWarning, LogFormat::kText);
  Metrics metrics;
  Sink receiving(loop, options);
  http::Server server(
      {&loop},
      [&](const http::Request& request, http::Connection& connection) { return receiving.answer(request, connection); },
      {}, log, metrics);
  const auto port = server.listen(options.address, options.port);
  if (!port) {
    std::fprintf(stderr, "signalbox: %s\n", port.error().message.c_str());
    return 1;
  }
  MailSink mails(loop, [&](SunkMail sunk) { receiving.take(std::move(sunk)); });
  if (options.smtp_port) {
    const auto smtp = mails.listen(options.address, *options.smtp_port);
    if (!smtp) {
      std::fprintf(stderr, "signalbox: %s\n", smtp.error().message.c_str());
      return 1;
    }
    std::printf("Mail is taken at smtp://%s:%u\n", options.address.c_str(), static_cast<unsigned>(*smtp));
  }
  std::printf("Sink is ready at http://%s:%u\n", options.address.c_str(), static_cast<unsigned>(*port));
  std::fflush(stdout);
  asio::signal_set ending(loop, SIGINT, SIGTERM);
  ending.async_wait([&](const boost::system::error_code&, int) { loop.stop(); });
  loop.run();
  return 0;
}

}  // namespace signalbox::cli
