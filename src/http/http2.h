// HTTP/2 on a connection whose client knows that it is spoken here (RFC 9113, 3.3, or ALPN): many requests at once.
// Frames, compression and flow control are nghttp2's.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "http/environment.h"
#include "http/http2_calm.h"
#include "http/secure.h"

struct nghttp2_session;

namespace signalbox::http {

/// What a client's first bytes are: nothing else may begin so.
inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// One connection's requests. On the loop of its connection only; whoever runs it moves the bytes.
class Http2 : public std::enable_shared_from_this<Http2> {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  struct Link {
    asio::any_io_executor executor;
    std::string remote;
    Privacy privacy = Privacy::kNone;
    std::string_view tls_version = {};  // a literal
    /// Bytes are ready for the client: take them with `output()`.
    std::function<void()> wake;
  };

  Http2(Link link, std::shared_ptr<Environment> environment);
  ~Http2();

  /// Bytes from the client, the preface included. False when they are not HTTP/2 or ask for too much: after what is
  /// left to send the connection is to be closed.
  bool input(std::string_view bytes);
  /// What is to be sent next, a piece at a time; empty when there is nothing at present. Good until the next call.
  std::string_view output();
  /// True when nothing more will come or go.
  bool finished() const;
  /// True while so much waits to be sent that nothing more should be read.
  bool clogged() const;
  /// Takes no more requests; those that are being answered still are.
  void wind_up();
  /// The connection is gone: those who wait for it learn so, and there is no more output.
  void abandon();
  /// Whether the client takes too long: over a request, over fetching its answers, or over beginning anything.
  bool late(Moment now) const;

 private:
  class Stream;
  class Inflow;
  struct Callbacks;
  using StreamPtr = std::shared_ptr<Stream>;

  void begin(std::int32_t id);
  bool add_header(std::int32_t id, std::string_view name, std::string_view value);
  /// The head of a request is there; `ends` when there is no body.
  void headed(std::int32_t id, bool ends);
  void add_body(std::int32_t id, std::string_view bytes);
  void received(std::int32_t id);
  /// An answer went out whole.
  void answered(std::int32_t id);
  void closed(std::int32_t id);
  /// Nobody reads the request's body any more.
  void release(Stream& stream);
  /// False when the client has asked too much.
  bool spend(std::int64_t tokens);
  void reset(std::int32_t id, std::uint32_t code);

  /// Has requests answered, as many as may be at once.
  void pump();
  void start(const StreamPtr& stream);
  /// What of that answer waits for the client is counted here.
  HeldBytes& unsent_of(const Stream& stream);
  /// Whether the client has something to fetch.
  bool is_waited_for() const { return unsent_.count() + pieces_.count() > 0; }
  /// Something for the client comes: if there was nothing, the time that it has begins.
  void note_wait();
  /// Whether so much more of an answer may wait. Where nothing does yet, it may.
  bool may_wait(const Stream& stream, std::size_t bytes);
  asio::awaitable<void> answer(StreamPtr stream);
  void submit(Stream& stream);
  /// Gets the next piece of an answer that is read in pieces.
  asio::awaitable<void> fetch(StreamPtr stream);
  /// Bytes of the answer for a frame; as nghttp2's read callback says it.
  std::int64_t give(Stream& stream, std::uint8_t* out, std::size_t room, std::uint32_t& flags);
  void spawn(asio::awaitable<void> work);
  Stream* find(std::int32_t id);

  const Link link_;
  const std::shared_ptr<Environment> environment_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, StreamPtr> streams_;
  std::deque<StreamPtr> ready_;  // requests that wait for their turn
  std::size_t answering_ = 0;    // handlers that run, those of streams that are closed among them
  HeldBytes held_;               // of bodies that wait for their end or their answer
  HeldBytes unsent_;             // of answers that wait for the client to fetch them
  HeldBytes pieces_;             // the same of those that are read in pieces
  Calm calm_;
  Moment progress_;  // when the client last fetched kLeastProgress bytes, or there was nothing to fetch
  std::size_t fetched_ = 0;
  Moment busy_;  // when there last was a request
  bool excess_ = false;
  bool abandoned_ = false;
};

}  // namespace signalbox::http
