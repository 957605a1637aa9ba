// Connections: how to authorise at an HTTP endpoint, and what every request through one carries.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/seal.h"
#include "cloud/scope.h"
#include "store/field_forms.h"
#include "store/key.h"

namespace signalbox::events {

/// A header, query or body parameter of a connection.
struct ConnectionParameter {
  std::string key;
  std::string value;
  bool secret = false;  // not shown by DescribeConnection

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("key", self.key)("value", self.value)("secret", self.secret);
  }
};

struct ConnectionHttp {
  std::vector<ConnectionParameter> headers;
  std::vector<ConnectionParameter> query;
  std::vector<ConnectionParameter> body;
  bool empty() const { return headers.empty() && query.empty() && body.empty(); }

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("headers", self.headers)("query", self.query)("body", self.body);
  }
};

inline constexpr std::string_view kBasic = "BASIC";
inline constexpr std::string_view kApiKey = "API_KEY";
inline constexpr std::string_view kOAuth = "OAUTH_CLIENT_CREDENTIALS";

/// What authorises, by the type: a name and its secret (user and password, header and key, client id and secret), and
/// of OAuth the endpoint that gives tokens. Kept sealed.
struct ConnectionAuth {
  static constexpr std::uint8_t kVersion = 1;
  std::string type;
  std::string name;
  std::string secret;
  std::string token_endpoint;
  std::string token_method;
  ConnectionHttp token_http;
  ConnectionHttp invocation;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("type", self.type)("name", self.name)("secret", self.secret)("token_endpoint", self.token_endpoint);
    field("token_method", self.token_method)("token_http", self.token_http)("invocation", self.invocation);
  }
};

struct Connection {
  static constexpr std::uint8_t kVersion = 1;
  cloud::Scope scope;
  std::string name;
  std::string id;  // ends its ARN
  std::optional<std::string> description;
  std::string state;   // AUTHORIZING, AUTHORIZED, DEAUTHORIZED
  std::string reason;  // of the state; "" for none
  ConnectionAuth auth;
  Time created{};
  Time modified{};
  std::optional<Time> authorized;
  std::uint64_t revision = 0;  // counts changes of `auth`: a token belongs to one

  std::string arn() const;
  std::string secret_arn() const;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("scope", self.scope)("name", self.name)("id", self.id)("description", self.description);
    field("state", self.state)("reason", self.reason)("created", self.created)("modified", self.modified);
    field("authorized", self.authorized)("revision", self.revision);
    field("auth", store::sealed_record(self.auth, self.arn()));
  }
};

inline constexpr std::string_view kConnectionSpace = "events.connection";
store::Key key_of(const Connection& connection);

}  // namespace signalbox::events
