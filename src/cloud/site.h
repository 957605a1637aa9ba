// What this server is to those who come without a signature: where it is reached, and the pages it shows there.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"

namespace signalbox::cloud {

namespace asio = boost::asio;

/// What a resource's own rules say to a page of another origin that asks for it (CORS): those of an S3 bucket.
struct CorsVerdict {
  bool allowed = false;
  /// What the answer carries: Access-Control-..., Vary. Also of a preflight.
  std::vector<std::pair<std::string, std::string>> headers;
  /// The whole answer to a preflight (OPTIONS), or to a request that the rules do not let in.
  std::optional<http::Response> answer;
};

/// Filled at start, then only read.
class Site {
 public:
  /// Answers one request. The request lives until the awaitable is done.
  using Page = std::function<asio::awaitable<http::Response>(const http::Request&)>;

  /// Scheme and authority of the links that messages carry: "https://signalbox.example.com".
  const std::string& url() const { return url_; }
  void set_url(std::string url) { url_ = std::move(url); }

  /// Asked about every request with an Origin header, before anything else judges it (cloud/browsers.h). Empty where no
  /// resource with rules of its own is asked for: then --cors-origins decides. The request lives until it is done.
  using CorsRules = std::function<asio::awaitable<std::optional<CorsVerdict>>(const http::Request&)>;
  void add_cors_rules(CorsRules rules) { cors_rules_.push_back(std::move(rules)); }
  const std::vector<CorsRules>& cors_rules() const { return cors_rules_; }

  /// Says of a Host header's name, in lower case and without a port, whether this server made it up (a domain, a
  /// repository's host): such names are never refused as unknown. Any thread.
  using HostNames = std::function<bool(std::string_view)>;
  void add_hosts(HostNames names) { host_names_.push_back(std::move(names)); }
  bool has_host(std::string_view name) const {
    for (const HostNames& names : host_names_) {
      if (names(name)) return true;
    }
    return false;
  }

  /// `page` answers all requests whose path begins so. Pages are for everybody, browsers on pages of others included:
  /// what a page does, it does only for who knows its address or a token, or it asks who calls.
  void add(std::string prefix, Page page) { pages_[std::move(prefix)] = std::move(page); }
  /// Null where no page stands.
  const Page* find(std::string_view path) const {
    for (const auto& [prefix, page] : pages_) {
      if (path.starts_with(prefix)) return &page;
    }
    return nullptr;
  }

 private:
  std::string url_ = "http://localhost:4566";
  std::map<std::string, Page, std::less<>> pages_;
  std::vector<CorsRules> cors_rules_;
  std::vector<HostNames> host_names_;
};

}  // namespace signalbox::cloud
