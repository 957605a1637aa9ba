// HTTP/2 on a connection whose client knows beforehand that it is spoken here (RFC 9113, 3.3): many requests at once.
// Frames, compression and flow control are nghttp2's.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "http/server.h"

struct nghttp2_session;

namespace signalbox::http {

/// What a client's first bytes are: nothing else may begin so.
inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// One connection's requests. On the loop of its connection only; whoever runs it moves the bytes.
class Http2 : public std::enable_shared_from_this<Http2> {
 public:
  struct Link {
    asio::any_io_executor executor;
    std::string remote;
    /// Bytes are ready for the client: take them with `output()`.
    std::function<void()> wake;
    /// A request began to be answered (1), or was (-1).
    std::function<void(int)> count;
  };

  Http2(Link link, Handler handler, const Limits& limits, Log& log);
  ~Http2();

  /// Bytes from the client, the preface included. False when they are not HTTP/2 or ask for too much: after what is
  /// left to send the connection is to be closed.
  bool input(std::string_view bytes);
  /// What is to be sent next, a piece at a time; empty when there is nothing at present.
  std::string_view output();
  /// True when nothing more will come or go.
  bool finished() const;
  /// Takes no more requests; those that are being answered still are.
  void wind_up();
  /// The connection is gone: those who wait for it learn so.
  void abandon();
  /// Requests that are being answered.
  std::size_t in_progress() const { return answering_; }
  /// Requests that are not all here yet.
  std::size_t receiving() const { return receiving_; }

 private:
  class Stream;
  struct Callbacks;
  using StreamPtr = std::shared_ptr<Stream>;

  asio::awaitable<void> answer(StreamPtr stream);
  void begin(std::int32_t id);
  void received(std::int32_t id);
  void closed(std::int32_t id);
  bool add_header(std::int32_t id, std::string_view name, std::string_view value);
  /// False when the body is longer than bodies may be.
  bool add_body(std::int32_t id, std::string_view bytes);
  void submit(Stream& stream);
  Stream* find(std::int32_t id);

  const Link link_;
  const Handler handler_;
  const Limits limits_;
  Log& log_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, StreamPtr> streams_;
  std::size_t answering_ = 0;
  std::size_t receiving_ = 0;
  std::size_t held_ = 0;  // bytes of bodies that wait for their end or their answer
  bool abandoned_ = false;
};

}  // namespace signalbox::http
