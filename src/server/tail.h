// Live events from outside: what `signalbox tail` reads.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "cloud/authority.h"
#include "cloud/identity.h"
#include "cloud/tap.h"
#include "http/message.h"

namespace signalbox::server {

namespace asio = boost::asio;

/// Answers /_signalbox/tail. Callers see the account and Region that they sign for, as in every other call. In `--auth
/// enforce` they need the action signalbox:Tail on the event bus.
class Tail {
 public:
  /// All are borrowed.
  Tail(cloud::Tap& tap, const cloud::Identification& identification, const cloud::Authority& authority)
      : tap_(tap), identification_(identification), authority_(authority) {}

  /// POST {"bus":"default","pattern":"{...}"}, both optional: begins a watch, {"watch":"NAME"}.
  /// GET ?watch=NAME[&wait=SECONDS]: lines of JSON since the last time, as soon as there are some (cloud/tap.h).
  /// Errors: 400, 403, 404, 429 with {"message":"..."}.
  asio::awaitable<http::Response> answer(const http::Request& request);

 private:
  http::Response begin(const cloud::Identity& identity, std::string_view body);
  asio::awaitable<http::Response> read(cloud::Scope scope, std::string_view query);

  cloud::Tap& tap_;
  const cloud::Identification& identification_;
  const cloud::Authority& authority_;
};

}  // namespace signalbox::server
