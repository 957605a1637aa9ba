#include "services/events/webhooks/connection.h"

#include "store/record.h"

namespace signalbox::events {
namespace {

constexpr std::uint8_t kConnectionVersion = 1;

void write(store::RecordWriter& out, const std::vector<ConnectionParameter>& parameters) {
  out.number(parameters.size());
  for (const ConnectionParameter& one : parameters) out.text(one.key).text(one.value).flag(one.secret);
}
void write(store::RecordWriter& out, const ConnectionHttp& http) {
  write(out, http.headers);
  write(out, http.query);
  write(out, http.body);
}
std::vector<ConnectionParameter> read_parameters(store::RecordReader& in) {
  std::vector<ConnectionParameter> parameters;
  for (auto left = in.number(); left > 0 && in.ok(); --left) {
    ConnectionParameter& one = parameters.emplace_back();
    one.key = in.text();
    one.value = in.text();
    one.secret = in.flag();
  }
  return parameters;
}
ConnectionHttp read_http(store::RecordReader& in) {
  ConnectionHttp http;
  http.headers = read_parameters(in);
  http.query = read_parameters(in);
  http.body = read_parameters(in);
  return http;
}

std::string encode_auth(const ConnectionAuth& auth) {
  store::RecordWriter out(kConnectionVersion);
  out.text(auth.type).text(auth.name).text(auth.secret).text(auth.token_endpoint).text(auth.token_method);
  write(out, auth.token_http);
  write(out, auth.invocation);
  return std::move(out).take();
}

std::optional<ConnectionAuth> decode_auth(std::string_view bytes) {
  store::RecordReader in(bytes, kConnectionVersion);
  ConnectionAuth auth;
  auth.type = in.text();
  auth.name = in.text();
  auth.secret = in.text();
  auth.token_endpoint = in.text();
  auth.token_method = in.text();
  auth.token_http = read_http(in);
  auth.invocation = read_http(in);
  if (!in.complete()) return std::nullopt;
  return auth;
}

}  // namespace

std::string Connection::arn() const {
  return cloud::make_arn("events", scope, "connection/" + name + "/" + id);
}

std::string Connection::secret_arn() const {
  return cloud::make_arn("secretsmanager", scope, "secret:events!connection/" + name + "/" + id);
}

store::Key key_of(const Connection& connection) {
  return store::Key(kConnectionSpace)
      .text(connection.scope.account)
      .text(connection.scope.region)
      .text(connection.name);
}

std::string encode(const Connection& connection, const Sealer& sealer) {
  store::RecordWriter out(kConnectionVersion);
  out.text(connection.scope.account).text(connection.scope.region).text(connection.name).text(connection.id);
  out.optional_text(connection.description).text(connection.state).text(connection.reason);
  out.integer(connection.created.time_since_epoch().count()).integer(connection.modified.time_since_epoch().count());
  out.optional_integer(connection.authorized
                           ? std::optional<std::int64_t>(connection.authorized->time_since_epoch().count())
                           : std::nullopt);
  out.number(connection.revision).text(sealer.seal(encode_auth(connection.auth), connection.arn()));
  return std::move(out).take();
}

std::optional<Connection> decode_connection(std::string_view bytes, const Sealer& sealer) {
  store::RecordReader in(bytes, kConnectionVersion);
  Connection connection;
  connection.scope.account = in.text();
  connection.scope.region = in.text();
  connection.name = in.text();
  connection.id = in.text();
  connection.description = in.optional_text();
  connection.state = in.text();
  connection.reason = in.text();
  connection.created = Time(Duration(in.integer()));
  connection.modified = Time(Duration(in.integer()));
  if (const auto authorized = in.optional_integer()) connection.authorized = Time(Duration(*authorized));
  connection.revision = in.number();
  const auto opened = sealer.open(in.text(), connection.arn());
  auto auth = opened && in.complete() ? decode_auth(*opened) : std::nullopt;
  if (!auth) return std::nullopt;
  connection.auth = *std::move(auth);
  return connection;
}

}  // namespace signalbox::events
