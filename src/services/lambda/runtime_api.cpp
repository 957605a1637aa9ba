#include "services/lambda/runtime_api.h"

#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <set>

namespace signalbox::lambda {
namespace {

namespace beast = boost::beast;
using asio::ip::tcp;
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;
using Parser = beast::http::request_parser<beast::http::string_body>;

constexpr std::string_view kRoot = "/2018-06-01/runtime/";
constexpr std::string_view kInvocation = "invocation/";
constexpr std::size_t kMaxConnections = 16;
constexpr std::uint32_t kMaxHead = std::uint32_t{64} * 1024;
/// What is beyond the bound is read and thrown away up to here, so that the runtime hears what was wrong.
constexpr std::size_t kMaxRead = 2 * kMaxResponse;

struct Answer {
  int status = 202;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body = R"({"status":"OK"})";
};

Answer refusal(int status, std::string_view type, std::string_view message) {
  Answer answer;
  answer.status = status;
  answer.body = R"({"errorMessage":")" + std::string(message) + R"(","errorType":")" + std::string(type) + "\"}";
  return answer;
}

std::string text_of(const Answer& answer) {
  std::string out = "HTTP/1.1 " + std::to_string(answer.status) + " ";
  out += std::string_view(beast::http::obsolete_reason(static_cast<beast::http::status>(answer.status)));
  out += "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n";
  for (const auto& [name, value] : answer.headers) out.append(name).append(": ").append(value).append("\r\n");
  return out.append("\r\n").append(answer.body);
}

/// What a path asks for: what invocation, and what of it.
struct Asked {
  std::string_view id;
  std::string_view what;
};
Asked read_path(std::string_view path) {
  if (!path.starts_with(kRoot)) return {};
  path.remove_prefix(kRoot.size());
  if (!path.starts_with(kInvocation) || path == "invocation/next") return {{}, path};
  path.remove_prefix(kInvocation.size());
  const auto slash = path.find('/');
  return {path.substr(0, slash), slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1)};
}

/// Whether the other side has not closed it, as far as can be seen.
bool is_open(Socket& socket) {
  char byte = 0;
  return ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

asio::awaitable<std::optional<Answer>> next_event(RuntimeHost& host, std::shared_ptr<Socket> socket) {
  // By name: g++ 12 may destroy a function that is made within a co_await twice.
  const std::function<bool()> open = [socket] { return is_open(*socket); };
  auto event = co_await host.next(open);
  if (!event) co_return std::nullopt;
  co_return Answer{200, std::move(event->headers), std::move(event->payload)};
}

Answer take_report(RuntimeHost& host, Asked asked, const Parser& parser, std::string body) {
  RuntimeReport report;
  report.kind = asked.id.empty()           ? RuntimeReport::Kind::kInitError
                : asked.what == "response" ? RuntimeReport::Kind::kResponse
                                           : RuntimeReport::Kind::kError;
  report.request_id = asked.id;
  const auto type = parser.get()["Lambda-Runtime-Function-Error-Type"];
  report.error_type.assign(type.data(), type.size());
  report.too_large = body.size() > kMaxResponse;
  const bool too_large = report.too_large;
  if (!too_large) report.body = std::move(body);
  if (!host.report(std::move(report))) return refusal(400, "InvalidRequestID", "Invalid request ID");
  if (too_large) return refusal(413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size");
  return {};
}

asio::awaitable<void> serve(std::shared_ptr<Socket> socket, std::weak_ptr<RuntimeHost> weak) {
  beast::flat_buffer buffer;
  for (;;) {
    Parser parser;
    parser.header_limit(kMaxHead);
    parser.body_limit(kMaxRead);
    boost::system::error_code problem;
    co_await beast::http::async_read(*socket, buffer, parser, asio::redirect_error(asio::use_awaitable, problem));
    if (problem) co_return;
    const auto host = weak.lock();
    if (!host) co_return;
    const std::string target(parser.get().target());
    const Asked asked = read_path(target);
    std::optional<Answer> answer;
    const bool get = parser.get().method() == beast::http::verb::get;
    const bool post = parser.get().method() == beast::http::verb::post;
    if (get && asked.what == "invocation/next") {
      answer = co_await next_event(*host, socket);
      if (!answer) co_return;
    } else if (post && ((asked.id.empty() && asked.what == "init/error") ||
                        (!asked.id.empty() && (asked.what == "response" || asked.what == "error")))) {
      answer = take_report(*host, asked, parser, std::move(parser.get().body()));
    } else {
      answer = refusal(404, "NotFound", "There is no such place");
    }
    const std::string text = text_of(*answer);
    co_await asio::async_write(*socket, asio::buffer(text), asio::redirect_error(asio::use_awaitable, problem));
    if (problem || !parser.keep_alive()) co_return;
  }
}

struct Connections : std::enable_shared_from_this<Connections> {
  Connections(asio::io_context& io, std::weak_ptr<RuntimeHost> to) : loop(io), host(std::move(to)), acceptor(io) {}

  void accept() {
    acceptor.async_accept([self = shared_from_this()](const boost::system::error_code& problem, Socket taken) {
      if (problem) return;
      if (self->open.size() < kMaxConnections) self->begin(std::make_shared<Socket>(std::move(taken)));
      self->accept();
    });
  }
  void begin(std::shared_ptr<Socket> socket) {
    boost::system::error_code ignored;
    socket->set_option(tcp::no_delay(true), ignored);
    open.insert(socket);
    asio::co_spawn(loop, serve(socket, host),
                   [self = shared_from_this(), socket](const std::exception_ptr&) { self->open.erase(socket); });
  }
  void close() {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    for (const auto& socket : open) socket->close(ignored);
  }

  asio::io_context& loop;
  const std::weak_ptr<RuntimeHost> host;
  Acceptor acceptor;
  std::set<std::shared_ptr<Socket>> open;
};

}  // namespace

std::shared_ptr<void> serve_runtime(asio::io_context& loop, Descriptor listening, std::weak_ptr<RuntimeHost> host) {
  auto connections = std::make_shared<Connections>(loop, std::move(host));
  boost::system::error_code problem;
  connections->acceptor.assign(tcp::v4(), listening.release(), problem);
  if (problem) return nullptr;
  connections->accept();
  return {connections.get(), [connections](void*) { connections->close(); }};
}

}  // namespace signalbox::lambda
