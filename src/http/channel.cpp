#include "http/channel.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace signalbox::http {

struct Channel::Tls {
  Tls(Socket& socket, std::shared_ptr<TlsContext> chosen) : context(std::move(chosen)), stream(socket, *context) {}
  std::shared_ptr<TlsContext> context;
  asio::ssl::stream<Socket&> stream;
};

Channel::Channel(Socket socket) : socket_(std::move(socket)) {}
Channel::~Channel() = default;

std::string_view Channel::tls_version() const {
  if (!tls_) return {};
  return SSL_version(tls_->stream.native_handle()) == TLS1_2_VERSION ? "1.2" : "1.3";
}

asio::awaitable<void> Channel::handshake(std::shared_ptr<TlsContext> context, Problem& problem) {
  tls_ = std::make_unique<Tls>(socket_, std::move(context));
  co_await tls_->stream.async_handshake(asio::ssl::stream_base::server,
                                        asio::redirect_error(asio::use_awaitable, problem));
}

asio::awaitable<std::size_t> Channel::read_some(asio::mutable_buffer room, Problem& problem) {
  auto token = asio::redirect_error(asio::use_awaitable, problem);
  return tls_ ? tls_->stream.async_read_some(room, token) : socket_.async_read_some(room, token);
}

asio::awaitable<std::size_t> Channel::write(std::array<asio::const_buffer, 2> parts, Problem& problem) {
  auto token = asio::redirect_error(asio::use_awaitable, problem);
  return tls_ ? asio::async_write(tls_->stream, parts, token) : asio::async_write(socket_, parts, token);
}

asio::awaitable<void> Channel::end_output(Problem& problem) {
  if (tls_) {
    // Waits for the client to say the same. One that sends something else instead is an error here and no matter.
    Problem ignored;
    co_await tls_->stream.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
  }
  socket_.shutdown(Socket::shutdown_send, problem);
}

void Channel::cancel() {
  Problem ignored;
  socket_.cancel(ignored);
}

void Channel::close() {
  Problem ignored;
  socket_.cancel(ignored);
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace signalbox::http
