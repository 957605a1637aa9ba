// API destinations: HTTP endpoints that rules send events to, each through a connection.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cloud/scope.h"
#include "store/key.h"

namespace signalbox::events {

/// Invocations a second; AWS's default. Its quota, which can be raised there, is no bound here.
inline constexpr std::int64_t kDefaultRate = 300;

struct ApiDestination {
  cloud::Scope scope;
  std::string name;
  std::string id;  // ends its ARN
  std::optional<std::string> description;
  std::string connection_arn;
  std::string endpoint;
  std::string method;
  std::int64_t rate = kDefaultRate;  // invocations a second
  Time created{};
  Time modified{};

  std::string arn() const;
};

inline constexpr std::string_view kApiDestinationSpace = "events.api-destination";
store::Key key_of(const ApiDestination& destination);
std::string encode(const ApiDestination& destination);
/// Empty optional on bytes that are no such record.
std::optional<ApiDestination> decode_api_destination(std::string_view bytes);

}  // namespace signalbox::events
