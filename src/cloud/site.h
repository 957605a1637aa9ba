// What this server is to those who come without a signature: where it is reached, and the pages it shows there.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "http/message.h"

namespace signalbox::cloud {

namespace asio = boost::asio;

/// Filled at start, then only read.
class Site {
 public:
  /// Answers one request. The request lives until the awaitable is done.
  using Page = std::function<asio::awaitable<http::Response>(const http::Request&)>;

  /// Scheme and authority of the links that messages carry: "https://signalbox.example.com".
  const std::string& url() const { return url_; }
  void set_url(std::string url) { url_ = std::move(url); }

  /// `page` answers all requests whose path begins so.
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
};

}  // namespace signalbox::cloud
