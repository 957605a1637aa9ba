// One client's bytes: a socket, with TLS around it or without.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string_view>

#include "http/tls.h"

namespace signalbox::http {

namespace asio = boost::asio;

/// On the loop of its socket only. One read and one write may be under way at a time.
class Channel {
 public:
  using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;
  using Problem = boost::system::error_code;

  explicit Channel(Socket socket);
  ~Channel();

  Socket& socket() { return socket_; }
  bool secure() const { return tls_ != nullptr; }
  /// "1.2" or "1.3", a literal; "" without TLS.
  std::string_view tls_version() const;

  /// From now on all bytes go through TLS; the handshake is done when the awaitable is.
  asio::awaitable<void> handshake(std::shared_ptr<TlsContext> context, Problem& problem);

  asio::awaitable<std::size_t> read_some(asio::mutable_buffer room, Problem& problem);
  /// All of it.
  asio::awaitable<std::size_t> write(std::array<asio::const_buffer, 2> parts, Problem& problem);

  /// Tells the client that nothing more will come; it may still send.
  asio::awaitable<void> end_output(Problem& problem);
  /// What is under way fails.
  void cancel();
  void close();

 private:
  struct Tls;
  Socket socket_;
  std::unique_ptr<Tls> tls_;
};

}  // namespace signalbox::http
