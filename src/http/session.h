// One client connection: reads requests one after another, has them answered, writes the answers.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <optional>
#include <string>

#include "http/body.h"
#include "http/channel.h"
#include "http/environment.h"
#include "http/secure.h"

namespace signalbox::http {

class Http2;

class Session final : public ClientConnection, public std::enable_shared_from_this<Session> {
 public:
  using Socket = Channel::Socket;

  /// With `tls` the client is to begin with a handshake.
  /// `tls` for a connection that is to be encrypted; `inside`: it comes out of one of this server's sandboxes.
  Session(Socket socket, std::shared_ptr<Environment> environment, std::shared_ptr<TlsContext> tls, bool inside);
  ~Session() override;

  /// Serves the connection to its end.
  asio::awaitable<void> run();

  /// Closes the connection if it waits for a request; takes no more requests. On the loop's thread.
  void close_if_idle();
  /// Closes the connection if it takes too long over what it does. On the loop's thread.
  void close_if_late(std::chrono::steady_clock::time_point now);

  void watch(std::function<void()> gone) override;
  void unwatch() override;

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Problem = boost::beast::error_code;
  enum class Read { kRequest, kHttp2, kClosed, kRefused };
  class RequestBody;

  /// False when the connection is of no more use.
  asio::awaitable<bool> begin_tls();
  asio::awaitable<void> serve();
  asio::awaitable<void> finish();
  asio::awaitable<Read> read_request();
  /// What to do once the head is there: the answer that refuses it, or the body is begun.
  std::optional<Response> take_head(std::string_view text);
  /// False when the connection is of no more use.
  asio::awaitable<bool> ask_for_body();
  /// Says whether the body may be read.
  bool begin_body();
  asio::awaitable<void> answer_request();
  asio::awaitable<bool> write(const Response& response, bool keep_alive);
  asio::awaitable<bool> write_rest(std::string_view body);
  asio::awaitable<bool> write_stream(BodyReader& stream);
  /// One write within its deadline.
  asio::awaitable<Problem> send(std::string_view bytes);
  asio::awaitable<void> discard_rest(std::chrono::seconds bound);
  /// Whether the connection's first bytes are those of HTTP/2; empty when there are too few to tell.
  std::optional<bool> is_http2() const;
  asio::awaitable<void> serve_http2();
  void flush_http2();
  asio::awaitable<void> write_http2();
  asio::awaitable<void> until_written();
  asio::awaitable<void> refuse(const Response& response);
  Response refusal_of(const Problem& problem) const;
  Request view() const;
  void watch_secure();
  void set_deadline(std::chrono::steady_clock::duration bound);
  bool draining() const { return environment_->draining.load(std::memory_order_relaxed); }

  Channel channel_;
  const std::shared_ptr<Environment> environment_;
  const std::shared_ptr<TlsContext> tls_;
  std::string remote_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::unique_ptr<RequestBody> body_;  // of a request that is read in pieces
  HeldBytes held_;
  std::string head_;
  std::chrono::steady_clock::time_point deadline_;
  std::shared_ptr<Http2> http2_;               // null on connections of HTTP/1.1
  bool writing_ = false;                       // HTTP/2
  std::optional<asio::steady_timer> written_;  // HTTP/2: ends when `writing_` does
  bool fresh_ = true;                          // nothing was read yet
  bool idle_ = true;
  bool handling_ = false;
  bool keep_alive_ = true;
  std::function<void()> gone_;
  std::uint64_t watch_number_ = 0;
  bool peeking_ = false;  // on connections with TLS: a read is under way while a handler works
};

}  // namespace signalbox::http
