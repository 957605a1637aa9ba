#include "http/client.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <deque>
#include <map>

#include "http/request_checks.h"

namespace signalbox::http {
namespace {

namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using Deadline = std::chrono::steady_clock::time_point;

/// Connections kept open to one place, and to all.
constexpr std::size_t kIdleOfOne = 64;
constexpr std::size_t kIdleOfAll = 512;
constexpr auto kIdleTime = std::chrono::seconds(20);

auto into(beast::error_code& problem) {
  return asio::redirect_error(asio::use_awaitable, problem);
}

std::unexpected<Error> connection_failure(const beast::error_code& problem) {
  if (problem == beast::error::timeout) return fail("Timeout", "The endpoint did not answer in time.");
  return fail("ConnectionFailure", "The connection failed: " + problem.message() + ".");
}

/// One connection, plain or with TLS.
struct Wire {
  Wire(asio::io_context& loop, asio::ssl::context* tls) : plain(loop) {
    if (tls != nullptr) secure.emplace(std::move(plain), *tls);
  }
  beast::tcp_stream& tcp_layer() { return secure ? secure->next_layer() : plain; }

  beast::tcp_stream plain;
  std::optional<beast::ssl_stream<beast::tcp_stream>> secure = {};
  Deadline idle_since = {};
};

using Place = std::pair<std::string, bool>;  // authority, TLS

using Message = beast::http::request<beast::http::string_body>;

Message message_of(ClientRequest& request) {
  Message message;
  message.method_string(request.method);
  message.target(request.url.path + (request.url.query.empty() ? "" : "?" + request.url.query));
  message.version(11);
  for (const auto& [name, value] : request.headers) message.insert(name, value);
  message.set(beast::http::field::host, request.url.authority());
  message.body() = std::move(request.body);
  message.prepare_payload();
  if (message.body().empty() && (request.method == "GET" || request.method == "HEAD")) {
    message.erase(beast::http::field::content_length);
  }
  return message;
}

}  // namespace

struct Client::Pool {
  Pool(asio::io_context& on, const ClientOptions& chosen) : loop(on), options(chosen) {}

  /// Made when it is first asked for: the machine's authorities take 25 ms to read and 2 MB to keep.
  asio::ssl::context& tls() {
    if (trust) return *trust;
    trust.emplace(asio::ssl::context::tls_client);
    beast::error_code ignored;
    trust->set_default_verify_paths(ignored);
    if (!options.ca_file.empty()) trust->load_verify_file(options.ca_file, ignored);
    trust->set_verify_mode(asio::ssl::verify_peer);
    return *trust;
  }

  std::unique_ptr<Wire> take(const Place& place) {
    const auto found = idle.find(place);
    if (found == idle.end()) return nullptr;
    const auto now = std::chrono::steady_clock::now();
    std::unique_ptr<Wire> wire;
    while (!found->second.empty() && !wire) {
      std::unique_ptr<Wire> last = std::move(found->second.back());
      found->second.pop_back();
      --count;
      if (now - last->idle_since < kIdleTime) wire = std::move(last);
    }
    if (found->second.empty()) idle.erase(found);
    return wire;
  }

  void keep(const Place& place, std::unique_ptr<Wire> wire) {
    drop_old();
    auto& kept = idle[place];
    if (count >= kIdleOfAll || kept.size() >= kIdleOfOne) return;
    wire->tcp_layer().expires_never();
    wire->idle_since = std::chrono::steady_clock::now();
    kept.push_back(std::move(wire));
    ++count;
  }

  void drop_old() {
    const auto old = std::chrono::steady_clock::now() - kIdleTime;
    for (auto at = idle.begin(); at != idle.end();) {
      while (!at->second.empty() && at->second.front()->idle_since < old) {
        at->second.pop_front();
        --count;
      }
      at = at->second.empty() ? idle.erase(at) : std::next(at);
    }
  }

  asio::awaitable<Result<std::vector<tcp::endpoint>>> resolve(const Url& url, Deadline deadline);
  asio::awaitable<Result<std::unique_ptr<Wire>>> connect(const Url& url, Deadline deadline);

  asio::io_context& loop;
  const ClientOptions options;
  std::optional<asio::ssl::context> trust;
  std::map<Place, std::deque<std::unique_ptr<Wire>>> idle;
  std::size_t count = 0;
};

namespace {

/// What an exchange on one connection came to; `stale` when nothing came back on a connection that had been idle.
struct Exchange {
  Result<ClientResponse> response;
  bool stale = false;
  bool reusable = false;
};

asio::awaitable<Exchange> exchange(Wire& wire, const Message& message, Deadline deadline) {
  wire.tcp_layer().expires_at(deadline);
  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::buffer_body> parser;
  parser.body_limit(boost::none);
  parser.skip(message.method() == beast::http::verb::head);
  const auto run = [&](auto& stream) -> asio::awaitable<Exchange> {
    beast::error_code problem;
    co_await beast::http::async_write(stream, message, into(problem));
    if (!problem) co_await beast::http::async_read_header(stream, buffer, parser, into(problem));
    if (problem) co_return Exchange{connection_failure(problem), problem != beast::error::timeout};
    ClientResponse response;
    response.status = parser.get().result_int();
    for (const auto& field : parser.get()) response.headers.emplace_back(field.name_string(), field.value());
    char chunk[8192];
    while (!parser.is_done() && response.body.size() < kMaxClientBody) {
      parser.get().body().data = chunk;
      parser.get().body().size = sizeof(chunk);
      co_await beast::http::async_read_some(stream, buffer, parser, into(problem));
      if (problem == beast::http::error::need_buffer) problem = {};
      if (problem) co_return Exchange{connection_failure(problem)};
      const std::size_t got = sizeof(chunk) - parser.get().body().size;
      response.body.append(chunk, std::min(got, kMaxClientBody - response.body.size()));
    }
    co_return Exchange{std::move(response), false, parser.is_done() && parser.keep_alive()};
  };
  if (wire.secure) co_return co_await run(*wire.secure);
  co_return co_await run(wire.plain);
}

}  // namespace

asio::awaitable<Result<std::vector<tcp::endpoint>>> Client::Pool::resolve(const Url& url, Deadline deadline) {
  beast::error_code problem;
  std::vector<tcp::endpoint> endpoints;
  if (const auto address = asio::ip::make_address(url.host, problem); !problem) {
    endpoints.emplace_back(address, url.port);
  } else {
    const auto resolver = std::make_shared<tcp::resolver>(loop);
    asio::steady_timer timer(loop, deadline);
    timer.async_wait([resolver](const beast::error_code& cancelled) {
      if (!cancelled) resolver->cancel();
    });
    const auto found = co_await resolver->async_resolve(url.host, std::to_string(url.port), into(problem));
    if (problem == asio::error::operation_aborted) co_return fail("Timeout", "The name was not resolved in time.");
    if (problem) co_return fail("ConnectionFailure", "The name " + url.host + " cannot be resolved.");
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  }
  // All must be permitted: which one answers is not ours to choose.
  for (const auto& endpoint : endpoints) {
    if (permitted(endpoint.address().to_string(), options.reach)) continue;
    co_return fail("AddressNotPermitted",
                   "The endpoint's address " + endpoint.address().to_string() + " is not permitted.");
  }
  co_return endpoints;
}

asio::awaitable<Result<std::unique_ptr<Wire>>> Client::Pool::connect(const Url& url, Deadline deadline) {
  const auto endpoints = co_await resolve(url, deadline);
  if (!endpoints) co_return std::unexpected(endpoints.error());
  auto wire = std::make_unique<Wire>(loop, url.tls ? &tls() : nullptr);
  wire->tcp_layer().expires_at(deadline);
  beast::error_code problem;
  co_await wire->tcp_layer().async_connect(*endpoints, into(problem));
  if (problem) co_return connection_failure(problem);
  wire->tcp_layer().socket().set_option(tcp::no_delay(true), problem);
  if (!url.tls) co_return wire;
  wire->secure->set_verify_callback(asio::ssl::host_name_verification(url.host));
  SSL_set_tlsext_host_name(wire->secure->native_handle(), url.host.c_str());
  co_await wire->secure->async_handshake(asio::ssl::stream_base::client, into(problem));
  if (problem == beast::error::timeout) co_return connection_failure(problem);
  if (problem) co_return fail("TlsFailure", "TLS could not be set up: " + problem.message() + ".");
  co_return wire;
}

Client::Client(asio::io_context& loop, const ClientOptions& options) : pool_(std::make_shared<Pool>(loop, options)) {}
Client::~Client() = default;

asio::awaitable<Result<ClientResponse>> Client::send(ClientRequest request, Duration timeout) {
  const auto pool = pool_;
  Result<void> checked = check_outgoing(request);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  const Url url = request.url;
  const Place place{url.authority(), url.tls};
  const Message message = message_of(request);
  for (;;) {
    std::unique_ptr<Wire> wire = pool->take(place);
    const bool kept = wire != nullptr;
    if (!kept) {
      auto connected = co_await pool->connect(url, deadline);
      if (!connected) co_return std::unexpected(std::move(connected).error());
      wire = *std::move(connected);
    }
    Exchange done = co_await exchange(*wire, message, deadline);
    if (done.stale && kept) continue;  // the other side had closed it meanwhile
    if (done.reusable) pool->keep(place, std::move(wire));
    co_return std::move(done.response);
  }
}

}  // namespace signalbox::http
