// The HTTP server: HTTP/1.1 and HTTP/2, plain or with TLS, on a set of event loops, within limits.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "http/message.h"
#include "http/tls.h"

namespace boost::asio {
class io_context;
}

namespace signalbox::http {

namespace asio = boost::asio;

struct Limits {
  std::uint32_t max_header_bytes = 64 * 1024;
  std::size_t max_body_bytes = 16 * 1024 * 1024;
  /// Of all bodies that wait in memory, of all connections: what is beyond is refused, to be sent again later.
  std::size_t max_bodies_bytes = 1024 * 1024 * 1024;
  /// From the first byte of a request to its last; of a body that is read in pieces, for kLeastProgress bytes.
  std::chrono::seconds read_timeout{30};
  /// How long a client may take to fetch kLeastProgress bytes of an answer.
  std::chrono::seconds write_timeout{60};
  /// From a connection to the end of its TLS handshake.
  std::chrono::seconds handshake_timeout{10};
  /// How long a connection may wait for its next request.
  std::chrono::seconds idle_timeout{120};
  std::size_t max_connections = 10'000;
};

/// Answers one request. Request and connection live until the awaitable is done; it runs on the connection's loop.
using Handler = std::function<asio::awaitable<Response>(const Request&, Connection&)>;

/// Told the head of a request whose body is large or of unknown length: whether the handler reads that body in pieces
/// (Request::stream). All others are read whole first, within the limit.
using Streams = std::function<bool(const Request& head)>;

/// Bodies up to this size are always read whole.
inline constexpr std::size_t kStreamedFrom = std::size_t{64} * 1024;

/// Clients that send or fetch less than this within a deadline are too slow to be served.
inline constexpr std::size_t kLeastProgress = std::size_t{8} * 1024;

/// Answers the head of a request whose body is longer than `most` bytes.
using TooLarge = std::function<Response(const Request& head, std::size_t most)>;

class Server {
 public:
  /// Each of `loops` is run by one thread of the caller's; a connection stays on the loop that took it. Loops, log and
  /// metrics outlive the server. Without `streams` every body is read whole.
  Server(std::vector<asio::io_context*> loops, Handler handler, const Limits& limits, Log& log, Metrics& metrics,
         Streams streams = {});
  /// The loops must have stopped.
  ~Server();

  /// How bodies that are too large are refused, where a line of plain text does not do. Before `listen`.
  void refuse_too_large(TooLarge answer);

  /// Connections to the port of `listen` speak TLS; those that are open keep what they began with. On any thread.
  void use_tls(std::shared_ptr<TlsContext> context);

  /// Listens on every loop; port 0 takes a free one. Returns the port. Errors (code "ListenError") name the address.
  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port);

  /// Takes connections from a socket that listens already, in a network of its own say, on the loop of that number too.
  /// They are plain.
  /// The socket is the server's from now on; it is closed when what is returned goes, on any thread.
  std::shared_ptr<void> adopt(int listening, std::size_t loop);

  /// Stops taking connections, closes those between requests, and waits for requests in progress, at most `bound`.
  /// Returns false when some were still in progress then. Not to be called on a loop's thread.
  bool drain(std::chrono::seconds bound);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace signalbox::http
