// HTTP requests and responses as plain values, free of the library that reads them from a socket.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signalbox::http {

/// Whether a Host header's value, or an authority, can be one: nothing in it ends a host in a URL (RFC 3986, 3.2.2).
bool is_host(std::string_view text);

/// True when two header names are the same, whatever their case.
bool same_name(std::string_view a, std::string_view b);

class BodyReader;  // http/body.h

/// A request as it came in. The views point into memory that lives as long as the request is handled.
struct Request {
  std::string_view method;
  std::string_view target;  // path and query exactly as sent
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::string_view body;
  std::string_view remote_address;
  /// A body that is to be read in pieces, where the server was told so (http/server.h, Streams); `body` is empty then.
  BodyReader* stream = nullptr;

  /// The first header of that name; "" when there is none.
  std::string_view header(std::string_view name) const;
  std::string_view path() const { return target.substr(0, target.find('?')); }
  /// What follows the first '?', or "".
  std::string_view query() const;
};

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  // without Content-Length, Date and Connection
  std::string body;
  /// What is sent in place of the body, piece by piece as the client takes it. It says its length.
  std::shared_ptr<BodyReader> stream = {};
  /// What Content-Length says where there is no body to tell it: of answers to HEAD.
  std::optional<std::uint64_t> content_length = {};
  /// Closes the connection after so many bytes of the body: for playing a server that breaks off.
  std::optional<std::size_t> cut_after = {};
};

/// Lets a handler that waits (a long poll) learn that its client has gone.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Calls `gone` at most once, on the connection's own thread, if the client closes before `unwatch`.
  virtual void watch(std::function<void()> gone) = 0;
  virtual void unwatch() = 0;
};

}  // namespace signalbox::http
