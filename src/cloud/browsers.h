// What a web page that somebody looks at may do to this server through their browser: CORS, foreign origins in open
// mode, and names that a page's owner points here (DNS rebinding).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/site.h"
#include "http/message.h"

namespace signalbox::cloud {

namespace asio = boost::asio;

struct BrowserOptions {
  /// Nobody signs (--auth open): what a foreign page asks for is refused, as it would act as whoever looks at it.
  bool refuse_foreign_pages = false;
  /// The server is on loopback only, and nobody signs: names that are not known to be its own are refused.
  bool refuse_unknown_hosts = false;
  /// Origins ("https://app.example.com") that may ask, beside the server's own; "*" for any.
  std::vector<std::string> origins = {};
  /// Names that may stand in Host, beside those known; "*.example.com" for all below one, "*" for any.
  std::vector<std::string> hosts = {};
};

/// What a request asks for, before anybody judges whether it may.
struct Asked {
  std::string_view service = {};  // the id of the service whose operation it is; "" for none's
  bool only_reads = false;        // it changes nothing
  bool is_link = false;           // links in messages lead there, which anybody may follow
};

/// Safe from any thread.
class Browsers {
 public:
  using Ask = std::function<Asked()>;
  using Next = std::function<asio::awaitable<http::Response>()>;

  /// `site` is asked for the server's URL and for services' own rules and names.
  Browsers(BrowserOptions options, const Site& site);

  /// A name, or an address, that Host may hold: see BrowserOptions.
  bool knows_host(std::string_view host) const;
  /// Whether that origin may ask of the server under the name `host`: one of the options, or the server's own.
  bool allows_origin(std::string_view origin, std::string_view host) const;

  /// The refusal of a request with an unknown Host; empty for all others.
  std::optional<http::Response> refuse_host(const http::Request& request) const;

  /// Answers preflights, refuses what is foreign, and has `next` answer everything else; what it answers tells the
  /// browser that the page may read it. `ask` says what the request asks for. Request and functions live until it is
  /// done.
  asio::awaitable<http::Response> answer(const http::Request& request, const Ask& ask, const Next& next) const;

 private:
  bool knows_name(std::string_view name) const;
  bool is_listed(std::string_view origin) const;
  bool is_of_bucket(const http::Request& request) const;
  bool is_foreign(const http::Request& request, bool allowed, const Ask& ask) const;

  const BrowserOptions options_;
  const Site& site_;
  const std::string machine_;  // this machine's own name
};

}  // namespace signalbox::cloud
