#include <boost/asio/co_spawn.hpp>

#include "models/events.h"
#include "services/events/core.h"
#include "services/events/page.h"
#include "services/events/webhooks/request.h"

namespace signalbox::events {
namespace {

namespace m = models::events;
using cloud::Call;

/// AWS's quota of connections in an account and Region.
constexpr std::size_t kMaxConnections = 3000;

std::unexpected<Error> no_such_connection(const std::string& name) {
  return fail("ResourceNotFoundException",
              "Failed to describe the connection(s). Connection '" + name + "' does not exist.");
}

template <class List>
std::vector<ConnectionParameter> parameters_of(const std::optional<List>& given) {
  std::vector<ConnectionParameter> parameters;
  if (!given) return parameters;
  for (const auto& one : *given) {
    parameters.push_back({one.key.value_or(""), one.value.value_or(""), one.is_value_secret.value_or(false)});
  }
  return parameters;
}

ConnectionHttp http_of(const m::ConnectionHttpParameters& given) {
  return {parameters_of(given.header_parameters), parameters_of(given.query_string_parameters),
          parameters_of(given.body_parameters)};
}

template <class Parameter>
std::optional<std::vector<Parameter>> shown(const std::vector<ConnectionParameter>& parameters) {
  if (parameters.empty()) return std::nullopt;
  std::vector<Parameter> list;
  for (const ConnectionParameter& one : parameters) {
    Parameter& out = list.emplace_back();
    out.key = one.key;
    if (!one.secret) out.value = one.value;
    out.is_value_secret = one.secret;
  }
  return list;
}

std::optional<m::ConnectionHttpParameters> shown(const ConnectionHttp& http) {
  if (http.empty()) return std::nullopt;
  m::ConnectionHttpParameters out;
  out.header_parameters = shown<m::ConnectionHeaderParameter>(http.headers);
  out.query_string_parameters = shown<m::ConnectionQueryStringParameter>(http.query);
  out.body_parameters = shown<m::ConnectionBodyParameter>(http.body);
  return out;
}

m::ConnectionAuthResponseParameters shown(const ConnectionAuth& auth) {
  m::ConnectionAuthResponseParameters out;
  if (auth.type == kBasic) out.basic_auth_parameters.emplace().username = auth.name;
  if (auth.type == kApiKey) out.api_key_auth_parameters.emplace().api_key_name = auth.name;
  if (auth.type == kOAuth) {
    auto& oauth = out.o_auth_parameters.emplace();
    oauth.client_parameters.emplace().client_id = auth.name;
    oauth.authorization_endpoint = auth.token_endpoint;
    oauth.http_method = auth.token_method;
    oauth.o_auth_http_parameters = shown(auth.token_http);
  }
  out.invocation_http_parameters = shown(auth.invocation).value_or(m::ConnectionHttpParameters());  // always told
  return out;
}

ConnectionAuth blank(std::string type) {
  ConnectionAuth auth;
  auth.type = std::move(type);
  return auth;
}

std::unexpected<Error> auth_does_not_fit(std::string_view type) {
  return fail("ValidationException",
              "Parameter AuthParameters is not valid: it must hold the parameters of AuthorizationType " +
                  std::string(type) + " and of no other.");
}

/// Puts what a request gives over `auth`: all of it to create, some of it to update.
template <class Given>
Result<void> apply(ConnectionAuth& auth, const Given& given) {
  if (given.connectivity_parameters) return not_supported_yet("ConnectivityParameters", ": there is no VPC Lattice");
  const bool fits = (!given.basic_auth_parameters || auth.type == kBasic) &&
                    (!given.api_key_auth_parameters || auth.type == kApiKey) &&
                    (!given.o_auth_parameters || auth.type == kOAuth);
  if (!fits) return auth_does_not_fit(auth.type);
  const auto take = [](std::string& into, const std::optional<std::string>& text) {
    if (text) into = *text;
  };
  if (given.basic_auth_parameters) {
    take(auth.name, given.basic_auth_parameters->username);
    take(auth.secret, given.basic_auth_parameters->password);
  }
  if (given.api_key_auth_parameters) {
    take(auth.name, given.api_key_auth_parameters->api_key_name);
    take(auth.secret, given.api_key_auth_parameters->api_key_value);
  }
  if (given.o_auth_parameters) {
    const auto& oauth = *given.o_auth_parameters;
    if (oauth.client_parameters) {
      take(auth.name, oauth.client_parameters->client_id);
      take(auth.secret, oauth.client_parameters->client_secret);
    }
    take(auth.token_endpoint, oauth.authorization_endpoint);
    take(auth.token_method, oauth.http_method);
    if (oauth.o_auth_http_parameters) auth.token_http = http_of(*oauth.o_auth_http_parameters);
    if (!http::Url::parse(auth.token_endpoint)) {
      return fail("ValidationException", "Parameter AuthorizationEndpoint is not valid: " + auth.token_endpoint + ".");
    }
  }
  if (given.invocation_http_parameters) auth.invocation = http_of(*given.invocation_http_parameters);
  if (auth.name.empty() || auth.secret.empty()) return auth_does_not_fit(auth.type);
  return {};
}

/// Commits the connection as it is to be from now on. On shard 0, in turn.
asio::awaitable<Result<void>> save(Core& core, Connection connection) {
  store::Batch batch;
  batch.put(key_of(connection), store::encode(connection, &core.house.sealer));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (done) core.webhooks.connections.put(std::move(connection));
  co_return done;
}

/// Asks for a first token, and notes whether there is one. On shard 0.
asio::awaitable<void> authorize(Core& core, cloud::Scope scope, std::string name, std::uint64_t revision) {
  const auto connection = core.webhooks.connections.find(scope, name);
  if (!connection || connection->revision != revision) co_return;
  const auto token = co_await core.webhooks.tokens.fetch(core.house.shards.at(0), connection);
  const auto turn = co_await core.webhooks.turns.take();
  const auto current = core.webhooks.connections.find(scope, name);
  if (!current || current->revision != revision || current->state != "AUTHORIZING") co_return;
  Connection changed = *current;
  changed.state = token ? "AUTHORIZED" : "DEAUTHORIZED";
  changed.reason = token ? "" : token.error().message;
  if (token) changed.authorized = core.house.clock.now();
  const Result<void> saved = co_await save(core, std::move(changed));
  if (!saved) core.house.log.error("a connection's state cannot be recorded", {{"why", saved.error().message}});
}

/// What every change of the credentials brings: OAuth has to show that they work.
void begin_authorizing(Core& core, Connection& connection) {
  ++connection.revision;
  connection.reason.clear();
  connection.state = connection.auth.type == kOAuth ? "AUTHORIZING" : "AUTHORIZED";
  if (connection.state == "AUTHORIZED") connection.authorized = core.house.clock.now();
}
void go_on_authorizing(Core& core, const Connection& connection) {
  if (connection.state != "AUTHORIZING") return;
  core.house.shards.at(0).spawn("events.connection",
                                authorize(core, connection.scope, connection.name, connection.revision));
}

template <class Response>
Response answer_of(const Connection& connection) {
  Response response;
  response.connection_arn = connection.arn();
  response.connection_state = connection.state;
  response.creation_time = connection.created;
  response.last_modified_time = connection.modified;
  return response;
}

asio::awaitable<Result<m::CreateConnectionResponse>> create(Core& core, const Call& call,
                                                            m::CreateConnectionRequest request) {
  if (request.kms_key_identifier) co_return not_supported_yet("KmsKeyIdentifier");
  if (request.invocation_connectivity_parameters) {
    co_return not_supported_yet("InvocationConnectivityParameters", ": there is no VPC Lattice");
  }
  Connection connection;
  connection.scope = call.scope;
  connection.name = request.name.value_or("");
  connection.id = core.house.random.uuid();
  connection.description = request.description;
  connection.auth.type = request.authorization_type.value_or("");
  connection.created = connection.modified = core.house.clock.now();
  auto applied = apply(connection.auth, request.auth_parameters.value_or(m::CreateConnectionAuthRequestParameters()));
  if (!applied) co_return std::unexpected(std::move(applied).error());
  begin_authorizing(core, connection);
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (core.webhooks.connections.find(call.scope, connection.name)) {
      co_return fail("ResourceAlreadyExistsException", "Connection " + connection.name + " already exists.");
    }
    if (core.webhooks.connections.list(call.scope).size() >= kMaxConnections) co_return limit_exceeded();
    Result<void> saved = co_await save(core, connection);
    if (saved) go_on_authorizing(core, connection);
    co_return saved;
  };
  Result<void> done = co_await alone(core.house, core.webhooks, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return answer_of<m::CreateConnectionResponse>(connection);
}

/// Stores what `change(connection)` makes of it and returns that.
template <class Change>
asio::awaitable<Result<Connection>> change(Core& core, cloud::Scope scope, std::string name, Change change) {
  auto work = [&]() -> asio::awaitable<Result<Connection>> {
    const auto current = core.webhooks.connections.find(scope, name);
    if (!current) co_return no_such_connection(name);
    Connection changed = *current;
    Result<void> made = change(changed);
    if (!made) co_return std::unexpected(std::move(made).error());
    changed.modified = core.house.clock.now();
    Result<void> saved = co_await save(core, changed);
    if (!saved) co_return std::unexpected(std::move(saved).error());
    go_on_authorizing(core, changed);
    co_return changed;
  };
  co_return co_await alone(core.house, core.webhooks, std::ref(work));
}

asio::awaitable<Result<m::UpdateConnectionResponse>> update(Core& core, const Call& call,
                                                            m::UpdateConnectionRequest request) {
  if (request.invocation_connectivity_parameters) {
    co_return not_supported_yet("InvocationConnectivityParameters", ": there is no VPC Lattice");
  }
  auto made = [&](Connection& connection) -> Result<void> {
    if (request.description) connection.description = request.description;
    if (!request.authorization_type && !request.auth_parameters) return {};
    if (request.authorization_type && *request.authorization_type != connection.auth.type) {
      connection.auth = blank(*request.authorization_type);
    }
    const auto given = request.auth_parameters.value_or(m::UpdateConnectionAuthRequestParameters());
    auto applied = apply(connection.auth, given);
    if (applied) begin_authorizing(core, connection);
    return applied;
  };
  auto changed = co_await change(core, call.scope, request.name.value_or(""), std::ref(made));
  if (!changed) co_return std::unexpected(std::move(changed).error());
  auto response = answer_of<m::UpdateConnectionResponse>(*changed);
  response.last_authorized_time = changed->authorized;
  co_return response;
}

asio::awaitable<Result<m::DeauthorizeConnectionResponse>> deauthorize(Core& core, const Call& call,
                                                                      m::DeauthorizeConnectionRequest request) {
  auto made = [](Connection& connection) -> Result<void> {
    connection.state = "DEAUTHORIZED";
    connection.reason = "The connection was deauthorized.";
    ++connection.revision;
    // "Removes all authorization parameters from the connection."
    connection.auth = blank(connection.auth.type);
    return {};
  };
  auto changed = co_await change(core, call.scope, request.name.value_or(""), made);
  if (!changed) co_return std::unexpected(std::move(changed).error());
  auto response = answer_of<m::DeauthorizeConnectionResponse>(*changed);
  response.last_authorized_time = changed->authorized;
  co_return response;
}

asio::awaitable<Result<m::DeleteConnectionResponse>> remove(Core& core, const Call& call,
                                                            m::DeleteConnectionRequest request) {
  auto work = [&]() -> asio::awaitable<Result<m::DeleteConnectionResponse>> {
    const auto current = core.webhooks.connections.find(call.scope, request.name.value_or(""));
    if (!current) co_return no_such_connection(request.name.value_or(""));
    store::Batch batch;
    batch.erase(key_of(*current));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error());
    core.webhooks.connections.erase(call.scope, current->name);
    auto response = answer_of<m::DeleteConnectionResponse>(*current);
    response.connection_state = "DELETING";
    response.last_authorized_time = current->authorized;
    co_return response;
  };
  co_return co_await alone(core.house, core.webhooks, std::ref(work));
}

asio::awaitable<Result<m::DescribeConnectionResponse>> describe(Core& core, const Call& call,
                                                                m::DescribeConnectionRequest request) {
  const auto connection = core.webhooks.connections.find(call.scope, request.name.value_or(""));
  if (!connection) co_return no_such_connection(request.name.value_or(""));
  auto response = answer_of<m::DescribeConnectionResponse>(*connection);
  response.name = connection->name;
  response.description = connection->description;
  if (!connection->reason.empty()) response.state_reason = connection->reason;
  response.authorization_type = connection->auth.type;
  response.secret_arn = connection->secret_arn();
  response.auth_parameters = shown(connection->auth);
  response.last_authorized_time = connection->authorized;
  co_return response;
}

asio::awaitable<Result<m::ListConnectionsResponse>> list(Core& core, const Call& call,
                                                         m::ListConnectionsRequest request) {
  m::ListConnectionsResponse response;
  auto& connections = response.connections.emplace();
  auto next = page(core.webhooks.connections.list(call.scope),
                   {"connections", request.name_prefix.value_or(""), request.next_token, request.limit},
                   [&](const std::string& name, const Registry<Connection>::Pointer& connection) {
                     if (request.connection_state && *request.connection_state != connection->state) return false;
                     auto one = answer_of<m::Connection>(*connection);
                     one.name = name;
                     one.authorization_type = connection->auth.type;
                     if (!connection->reason.empty()) one.state_reason = connection->reason;
                     one.last_authorized_time = connection->authorized;
                     connections.push_back(std::move(one));
                     return true;
                   });
  if (!next) co_return std::unexpected(std::move(next).error());
  response.next_token = *std::move(next);
  co_return response;
}

}  // namespace

void register_connection_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kCreateConnection, [&core](const Call& call, m::CreateConnectionRequest request) {
    return create(core, call, std::move(request));
  });
  door.handle(m::kUpdateConnection, [&core](const Call& call, m::UpdateConnectionRequest request) {
    return update(core, call, std::move(request));
  });
  door.handle(m::kDeauthorizeConnection, [&core](const Call& call, m::DeauthorizeConnectionRequest request) {
    return deauthorize(core, call, std::move(request));
  });
  door.handle(m::kDeleteConnection, [&core](const Call& call, m::DeleteConnectionRequest request) {
    return remove(core, call, std::move(request));
  });
  door.handle(m::kDescribeConnection, [&core](const Call& call, m::DescribeConnectionRequest request) {
    return describe(core, call, std::move(request));
  });
  door.handle(m::kListConnections, [&core](const Call& call, m::ListConnectionsRequest request) {
    return list(core, call, std::move(request));
  });
}

Result<void> load_connection(Core& core, std::string_view value) {
  auto connection = store::decode<Connection>(value, &core.house.sealer);
  if (!connection) {
    return fail("StoreError",
                "The record of a connection cannot be read: it is broken, or was sealed with another --secrets-key.");
  }
  core.webhooks.connections.put(*connection);
  go_on_authorizing(core, *connection);
  return {};
}

}  // namespace signalbox::events
