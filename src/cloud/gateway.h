// From an HTTP request to the door and back: identity, route, decode, call, encode.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "base/log.h"
#include "base/random.h"
#include "cloud/browsers.h"
#include "cloud/door.h"
#include "cloud/identity.h"
#include "http/message.h"
#include "wire/route.h"

namespace signalbox::cloud {

class Gateway {
 public:
  Gateway(Door& door, const Identification& identification, Random& random, Log& log)
      : door_(door), identification_(identification), random_(random), log_(log) {}

  /// Answers any AWS API request; never fails: what goes wrong is an AWS error response. Request and connection must
  /// live until the awaitable is done.
  asio::awaitable<http::Response> answer(const http::Request& request, http::Connection& connection);

  /// What the request asks for, by all that decides on that when it is answered.
  Asked asked(const http::Request& request) const;

  /// Whether that request's body is to be read in pieces (http::Streams).
  bool streams(const http::Request& head) const;

  /// The service's answer to a request whose body is longer than `most` bytes (http::TooLarge).
  http::Response too_large(const http::Request& head, std::size_t most) const;

 private:
  /// What a request's head asks for, by the service that it says it is signed for.
  wire::Routed routed(const http::Request& head) const;

  Door& door_;
  const Identification& identification_;
  Random& random_;
  Log& log_;
};

}  // namespace signalbox::cloud
