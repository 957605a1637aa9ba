// One client connection: reads requests one after another, has them answered, writes the answers.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <optional>
#include <string>

#include "http/body.h"
#include "http/server.h"

namespace signalbox::http {

class Http2;
class Session;

/// What the sessions of one server share. Lives as long as any of them.
struct Environment {
  Environment(Handler answers, Streams in_pieces, const Limits& bounds, Log& lines)
      : handler(std::move(answers)), streams(std::move(in_pieces)), limits(bounds), log(lines) {}
  Handler handler;
  Streams streams;
  Limits limits;
  Log& log;
  std::atomic<bool> draining{false};
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> in_progress{0};
};

class Session final : public Connection, public std::enable_shared_from_this<Session> {
 public:
  using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

  Session(Socket socket, std::shared_ptr<Environment> environment);
  ~Session() override;

  /// Serves the connection to its end.
  asio::awaitable<void> run();

  /// Closes the connection if it waits for a request. On the loop's thread.
  void close_if_idle();
  /// Closes the connection if it takes too long over what it does. On the loop's thread.
  void close_if_late(std::chrono::steady_clock::time_point now);

  void watch(std::function<void()> gone) override;
  void unwatch() override;

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  enum class Read { kRequest, kHttp2, kClosed, kRefused };
  class RequestBody;

  asio::awaitable<Read> read_request();
  /// What to do with the body when the head is there: an error when it is too large.
  boost::beast::error_code begin_body();
  asio::awaitable<void> answer_request();
  asio::awaitable<bool> write(const Response& response, bool keep_alive);
  asio::awaitable<bool> write_stream(BodyReader& stream);
  asio::awaitable<void> discard_rest();
  /// Whether the connection's first bytes are those of HTTP/2; empty when there are too few to tell.
  std::optional<bool> is_http2() const;
  asio::awaitable<void> serve_http2();
  void flush_http2();
  asio::awaitable<void> write_http2();
  /// A request more (1) or less (-1) is being answered.
  void count_http2(int change);
  asio::awaitable<void> refuse(const boost::beast::error_code& problem);
  Request view() const;

  Socket socket_;
  const std::shared_ptr<Environment> environment_;
  std::string remote_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::unique_ptr<RequestBody> body_;  // of a request that is read in pieces
  std::string head_;
  std::chrono::steady_clock::time_point deadline_;
  std::shared_ptr<Http2> http2_;  // null on connections of HTTP/1.1
  bool writing_ = false;          // HTTP/2
  bool fresh_ = true;             // nothing was read yet
  bool idle_ = true;
  bool handling_ = false;
  bool keep_alive_ = true;
  std::function<void()> gone_;
  std::uint64_t watch_number_ = 0;
};

}  // namespace signalbox::http
