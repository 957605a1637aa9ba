// Live events from outside: what `signalbox tail` reads.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "cloud/identity.h"
#include "cloud/tap.h"
#include "http/message.h"

namespace signalbox::server {

namespace asio = boost::asio;

/// Answers /_signalbox/tail. Callers see the account and Region that they sign for, as in every other call.
class Tail {
 public:
  /// Both are borrowed.
  Tail(cloud::Tap& tap, const cloud::Identification& identification) : tap_(tap), identification_(identification) {}

  /// POST {"bus":"default","pattern":"{...}"}, both optional: begins a watch, {"watch":"NAME"}.
  /// GET ?watch=NAME[&wait=SECONDS]: lines of JSON since the last time, as soon as there are some (cloud/tap.h).
  /// Errors: 400, 403, 404, 429 with {"message":"..."}.
  asio::awaitable<http::Response> answer(const http::Request& request);

 private:
  http::Response begin(const cloud::Scope& scope, std::string_view body);
  asio::awaitable<http::Response> read(cloud::Scope scope, std::string_view query);

  cloud::Tap& tap_;
  const cloud::Identification& identification_;
};

}  // namespace signalbox::server
