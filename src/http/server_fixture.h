// A server on one loop of its own, for tests, and what clients do with it.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "http/server.h"

namespace signalbox::http {

using asio::ip::tcp;

class ServerTest : public testing::Test {
 protected:
  ~ServerTest() override { stop(); }

  void start(Handler handler, Limits limits = {}, Streams streams = {}) {
    server_ = std::make_unique<Server>(std::vector<asio::io_context*>{&loop_}, std::move(handler), limits, log_,
                                       metrics_, std::move(streams));
    if (tls_) server_->use_tls(tls_);
    const auto port = server_->listen("127.0.0.1", 0);
    ASSERT_TRUE(port) << port.error().message;
    port_ = *port;
    thread_ = std::thread([this] { loop_.run(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    asio::post(loop_, [this] { loop_.stop(); });
    thread_.join();
  }

  tcp::socket connect() {
    tcp::socket socket(client_loop_);
    socket.connect({asio::ip::address_v4::loopback(), port_});
    return socket;
  }
  static void send(tcp::socket& socket, std::string_view bytes) {
    boost::system::error_code ignored;
    asio::write(socket, asio::buffer(bytes.data(), bytes.size()), ignored);
  }
  /// Everything until the server closes.
  static std::string rest(tcp::socket& socket) {
    std::string text;
    boost::system::error_code closed;
    asio::read(socket, asio::dynamic_buffer(text), closed);
    return text;
  }
  std::string exchange(std::string_view bytes) {
    tcp::socket socket = connect();
    send(socket, bytes);
    return rest(socket);
  }

  std::shared_ptr<TlsContext> tls_;  // to be set before `start`
  asio::io_context loop_{1};
  asio::io_context client_loop_;
  QuietLog log_;
  Metrics metrics_;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// Waits until told: a long poll.
struct Waiting {
  explicit Waiting(asio::io_context& loop) : timer(loop, asio::steady_timer::time_point::max()) {}
  asio::awaitable<Response> answer(Connection& connection) {
    connection.watch([this] {
      gone.set_value();
      timer.cancel();
    });
    started.set_value();
    boost::system::error_code ended;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    Response response;
    response.body = "done";
    co_return response;
  }
  asio::steady_timer timer;
  std::promise<void> started;
  std::promise<void> gone;
};

/// Answers with what it saw.
inline asio::awaitable<Response> echo(const Request& request, Connection&) {
  Response response;
  response.headers = {{"X-Seen", std::string(request.header("x-sent"))}};
  response.body = std::string(request.method) + " " + std::string(request.target) + " " + std::string(request.body);
  co_return response;
}

inline std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

}  // namespace signalbox::http
