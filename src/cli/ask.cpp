#include "cli/ask.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdlib>
#include <optional>

#include "base/clock.h"
#include "base/time_text.h"
#include "json/json.h"

namespace signalbox::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

constexpr std::uint64_t kMaxAnswer = std::uint64_t{64} * 1024 * 1024;

struct Endpoint {
  bool tls = false;
  std::string host;
  std::string port;
  std::string authority;
};

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const bool tls = text.starts_with("https://");
  if (!tls && !text.starts_with("http://")) return std::nullopt;
  text.remove_prefix(tls ? 8 : 7);
  text = text.substr(0, text.find('/'));
  const auto colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos;
  Endpoint endpoint{tls, std::string(text.substr(0, has_port ? colon : text.size())),
                    has_port ? std::string(text.substr(colon + 1))
                    : tls    ? "443"
                             : "80",
                    std::string(text)};
  if (endpoint.host.starts_with('[')) endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  if (endpoint.host.empty() || endpoint.port.empty()) return std::nullopt;
  return endpoint;
}

std::string authorization(const Question& question, const Endpoint& to, const std::string& date, const Caller& caller) {
  http::Request request;
  request.method = question.body.empty() ? "GET" : "POST";
  request.target = question.target;
  request.headers = {{"Host", to.authority}, {"X-Amz-Date", date}};
  request.body = question.body;
  wire::Signature signature;
  signature.access_key = caller.access_key;
  signature.region = caller.region;
  signature.service = "events";
  return wire::authorization_of(request, std::move(signature), caller.secret_key);
}

using Request = beast::http::request<beast::http::string_body>;

Request request_of(const Question& question, const Endpoint& to, const Caller* caller) {
  Request request(question.body.empty() ? beast::http::verb::get : beast::http::verb::post, question.target, 11);
  request.set(beast::http::field::host, to.authority);
  request.set(beast::http::field::connection, "close");
  if (!question.body.empty()) request.set(beast::http::field::content_type, "application/json");
  if (caller != nullptr) {
    const std::string date = to_amz_date(SystemClock().now());
    request.set("X-Amz-Date", date);
    request.set(beast::http::field::authorization, authorization(question, to, date, *caller));
  }
  request.body() = question.body;
  request.prepare_payload();
  return request;
}

template <class Stream>
Answer exchange_over(Stream& stream, const Request& request) {
  beast::http::write(stream, request);
  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::string_body> parser;
  parser.body_limit(kMaxAnswer);
  beast::http::read(stream, buffer, parser);
  return {static_cast<int>(parser.get().result_int()), parser.get().body()};
}

Answer exchange(const Question& question, const Endpoint& to, const Caller* caller) {
  asio::io_context loop;
  asio::ip::tcp::resolver resolver(loop);
  asio::ip::tcp::socket socket(loop);
  asio::connect(socket, resolver.resolve(to.host, to.port));
  const auto request = request_of(question, to, caller);
  if (!to.tls) return exchange_over(socket, request);
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.set_default_verify_paths();
  if (const char* const trusted = std::getenv("AWS_CA_BUNDLE")) context.load_verify_file(trusted);
  asio::ssl::stream<asio::ip::tcp::socket&> secure(socket, context);
  secure.set_verify_mode(asio::ssl::verify_peer);
  secure.set_verify_callback(asio::ssl::host_name_verification(to.host));
  SSL_set_tlsext_host_name(secure.native_handle(), to.host.c_str());
  secure.handshake(asio::ssl::stream_base::client);
  return exchange_over(secure, request);
}

}  // namespace

Result<Answer> ask(const Question& question, const Caller* caller) {
  const auto endpoint = parse_endpoint(question.endpoint);
  if (!endpoint) return fail("AskError", "no http:// or https:// endpoint: " + question.endpoint);
  try {
    return exchange(question, *endpoint, caller);
  } catch (const boost::system::system_error& error) {
    return fail("AskError", "no answer from " + question.endpoint + ": " + error.code().message());
  }
}

std::string text_member(const std::string& body, std::string_view name) {
  json::Document document;
  const auto root = document.parse(body);
  const auto found = root ? root->find(name) : std::nullopt;
  return found && found->is_string() ? found->as_string() : "";
}

}  // namespace signalbox::cli
