// The outgoing side of HTTP: one request to a URL, over TCP or TLS, within a deadline, to permitted addresses only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace signalbox::http {

namespace asio = boost::asio;

struct Url {
  bool tls = false;
  std::string host;  // a name or an address; a v6 address without its brackets
  std::uint16_t port = 0;
  std::string path;   // begins with '/'
  std::string query;  // without the '?'

  /// "http://..." or "https://..."; empty optional for anything else, and for user information or a fragment.
  static std::optional<Url> parse(std::string_view text);
  /// As the Host header has it: the port only where it is not the scheme's.
  std::string authority() const;
};

struct ClientRequest {
  std::string method;
  Url url;
  std::vector<std::pair<std::string, std::string>> headers;  // without Host, Content-Length and Connection
  std::string body;
};

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // its first kMaxClientBody bytes
  /// The first header of that name; "" when there is none.
  std::string_view header(std::string_view name) const;
};

inline constexpr std::size_t kMaxClientBody = 1024 * 1024;

/// Which addresses requests may go to. Never permitted: link-local ones (where clouds keep instance metadata),
/// multicast, the unspecified one.
enum class Reach {
  kAnywhere,  // loopback and private networks too
  kPublic     // public addresses only
};

struct ClientOptions {
  Reach reach = Reach::kAnywhere;
  std::string ca_file;  // trusted beside the system's authorities; "" for none
};

/// Whether `address`, as text, may be reached. False for what is no address.
bool permitted(std::string_view address, Reach reach);

/// Belongs to one thread: the one that runs `loop`. Keeps connections open for the next request to the same place.
class Client {
 public:
  Client(asio::io_context& loop, const ClientOptions& options);
  ~Client();
  Client(const Client&) = delete;

  /// Errors: ConnectionFailure (cannot be resolved, reached, or closed too soon), Timeout, AddressNotPermitted,
  /// TlsFailure. Nothing waits longer than `timeout`.
  asio::awaitable<Result<ClientResponse>> send(ClientRequest request, Duration timeout);

 private:
  struct Pool;
  std::shared_ptr<Pool> pool_;
};

}  // namespace signalbox::http
