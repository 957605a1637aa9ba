#include "cli/clock_command.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <optional>

#include "json/json.h"

namespace signalbox::cli {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

struct Endpoint {
  std::string host;
  std::string port;
};
/// "http://HOST[:PORT]", with a v6 address in brackets.
std::optional<Endpoint> parse_endpoint(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) return std::nullopt;
  text = text.substr(kScheme.size());
  text = text.substr(0, text.find('/'));
  const auto colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos;
  Endpoint endpoint{std::string(text.substr(0, has_port ? colon : text.size())),
                    has_port ? std::string(text.substr(colon + 1)) : "80"};
  if (endpoint.host.starts_with('[')) endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  if (endpoint.host.empty() || endpoint.port.empty()) return std::nullopt;
  return endpoint;
}

http::response<http::string_body> ask(const Endpoint& to, const std::string& body) {
  asio::io_context loop;
  asio::ip::tcp::resolver resolver(loop);
  asio::ip::tcp::socket socket(loop);
  asio::connect(socket, resolver.resolve(to.host, to.port));
  http::request<http::string_body> request(body.empty() ? http::verb::get : http::verb::post, "/_signalbox/clock", 11);
  request.set(http::field::host, to.host);
  request.set(http::field::connection, "close");
  if (!body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = body;
  request.prepare_payload();
  http::write(socket, request);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(socket, buffer, response);
  return response;
}

/// {"KEY":"VALUE"}
std::string body_of(std::string_view key, std::string_view value) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  writer.key(key);
  writer.string(value);
  writer.end_object();
  return body;
}

/// A text member of the answer; "" when it has none.
std::string member(const std::string& body, std::string_view name) {
  json::Document document;
  const auto root = document.parse(body);
  const auto found = root ? root->find(name) : std::nullopt;
  return found && found->is_string() ? found->as_string() : "";
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
  command.footer("The server needs --clock virtual to be moved. For example: signalbox clock advance 1d");
}

int clock(const ClockOptions& options) {
  const auto endpoint = parse_endpoint(options.endpoint);
  if (!endpoint) {
    std::fprintf(stderr, "signalbox: no http:// endpoint: %s\n", options.endpoint.c_str());
    return 1;
  }
  std::string body;
  if (!options.advance.empty()) body = body_of("advance", options.advance);
  if (!options.set.empty()) body = body_of("set", options.set);
  try {
    const auto response = ask(*endpoint, body);
    if (response.result() != http::status::ok) {
      std::fprintf(stderr, "signalbox: %s\n", member(response.body(), "message").c_str());
      return 1;
    }
    std::printf("%s\n", member(response.body(), "now").c_str());
    return 0;
  } catch (const boost::system::system_error& error) {
    std::fprintf(stderr, "signalbox: no answer from %s: %s\n", options.endpoint.c_str(), error.what());
    return 1;
  }
}

}  // namespace signalbox::cli
