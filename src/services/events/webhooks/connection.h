// Connections: how to authorise at an HTTP endpoint, and what every request through one carries.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/seal.h"
#include "cloud/scope.h"
#include "store/key.h"

namespace signalbox::events {

/// A header, query or body parameter of a connection.
struct ConnectionParameter {
  std::string key;
  std::string value;
  bool secret = false;  // not shown by DescribeConnection
};

struct ConnectionHttp {
  std::vector<ConnectionParameter> headers;
  std::vector<ConnectionParameter> query;
  std::vector<ConnectionParameter> body;
  bool empty() const { return headers.empty() && query.empty() && body.empty(); }
};

inline constexpr std::string_view kBasic = "BASIC";
inline constexpr std::string_view kApiKey = "API_KEY";
inline constexpr std::string_view kOAuth = "OAUTH_CLIENT_CREDENTIALS";

/// What authorises, by the type: a name and its secret (user and password, header and key, client id and secret), and
/// of OAuth the endpoint that gives tokens. Kept sealed.
struct ConnectionAuth {
  std::string type;
  std::string name;
  std::string secret;
  std::string token_endpoint;
  std::string token_method;
  ConnectionHttp token_http;
  ConnectionHttp invocation;
};

struct Connection {
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
};

inline constexpr std::string_view kConnectionSpace = "events.connection";
store::Key key_of(const Connection& connection);
std::string encode(const Connection& connection, const Sealer& sealer);
/// Empty optional on bytes that are no such record, or were sealed with another key.
std::optional<Connection> decode_connection(std::string_view bytes, const Sealer& sealer);

}  // namespace signalbox::events
