// The URL of an endpoint, with the name and password that it may hold.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/client.h"

namespace signalbox::sns {

struct HttpEndpoint {
  http::Url url;
  std::string credentials;  // "USER:PASSWORD", given where Basic authentication is asked for; "" for none

  static std::optional<HttpEndpoint> parse(std::string_view text);
};

/// As endpoints are told: the password as "****".
std::string without_password(const std::string& endpoint);

}  // namespace signalbox::sns
