// API destinations: HTTP endpoints that rules send events to, each through a connection.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cloud/scope.h"
#include "store/fields.h"
#include "store/key.h"

namespace signalbox::events {

/// Invocations a second; AWS's default. Its quota, which can be raised there, is no bound here.
inline constexpr std::int64_t kDefaultRate = 300;

struct ApiDestination {
  static constexpr std::uint8_t kVersion = 1;
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

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("scope", self.scope)("name", self.name)("id", self.id)("description", self.description);
    field("connection_arn", self.connection_arn)("endpoint", self.endpoint)("method", self.method);
    field("rate", self.rate)("created", self.created)("modified", self.modified);
  }
};

inline constexpr std::string_view kApiDestinationSpace = "events.api-destination";
store::Key key_of(const ApiDestination& destination);

}  // namespace signalbox::events
