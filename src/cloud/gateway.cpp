#include "cloud/gateway.h"

#include <algorithm>

#include "base/gzip.h"
#include "wire/protocol.h"
#include "wire/route.h"

namespace signalbox::cloud {
namespace {

/// Stands in for the service when a request names none that is known: its answers have no service's mark.
const wire::Service kNoService{};

Call make_call(const http::Request& request, Identity&& identity, std::string request_id,
               http::Connection& connection) {
  Call call;
  call.scope = std::move(identity.scope);
  call.principal = std::move(identity.principal);
  call.request_id = std::move(request_id);
  const std::string_view host = request.header("Host");
  call.endpoint = "http://" + std::string(host.empty() ? std::string_view("localhost") : host);
  call.source_address = std::string(request.remote_address);
  call.user_agent = std::string(request.header("User-Agent"));
  call.connection = &connection;
  return call;
}

/// A compressed body may not become longer than this: no operation that takes one needs as much.
constexpr std::size_t kMaxUnzipped = std::size_t{16} * 1024 * 1024;

/// Whether the body is compressed for one of the services that take that, and not content of its own.
bool is_zipped(const Door& door, const http::Request& request, std::string_view signing_service) {
  if (!http::same_name(request.header("Content-Encoding"), "gzip")) return false;
  return std::ranges::any_of(door.services(), [&](const wire::Service* service) {
    return service->takes_gzip && (signing_service.empty() || service->signing_name == signing_service);
  });
}

/// Whether nobody signed, and that is somebody for this operation.
bool may_be_anonymous(const Door& door, const wire::Operation& operation, const Result<Identity>& identity) {
  if (identity) return identity->principal.access_key.empty() && door.takes_anonymous(operation);
  if (identity.error().code != "MissingAuthenticationToken") return false;
  return door.takes_anonymous(operation) || door.is_open_to_all(operation);
}

}  // namespace

asio::awaitable<http::Response> Gateway::answer(const http::Request& request, http::Connection& connection) {
  std::string request_id = random_.uuid();
  Result<Identity> identity = identification_.identify(request);
  http::Request decoded = request;
  if (identity && identity->body) decoded.body = *identity->body;
  const std::string_view signing_service = identity ? std::string_view(identity->signing_service) : "";
  std::optional<std::string> unzipped;
  const bool zipped = identity && is_zipped(door_, request, signing_service);
  if (zipped) unzipped = gunzip(decoded.body, kMaxUnzipped);
  if (unzipped) decoded.body = *unzipped;
  const wire::Routed routed = wire::route(door_.services(), decoded, signing_service);
  const wire::Protocol& protocol = wire::protocol(routed.protocol);
  const wire::Service& service = routed.service != nullptr ? *routed.service : kNoService;
  if (routed.operation && may_be_anonymous(door_, **routed.operation, identity)) {
    identity = Identification::anonymous();
  }
  if (!identity) co_return protocol.encode_error(service, identity.error(), request_id);
  if (zipped && !unzipped) {
    const Error broken{"SerializationException", "The body is not gzip, or too long when it is unpacked.", 400};
    co_return protocol.encode_error(service, broken, request_id);
  }
  if (!routed.operation) co_return protocol.encode_error(service, routed.operation.error(), request_id);

  const wire::Operation& operation = **routed.operation;
  Result<wire::AnyStructure> input = protocol.decode(operation, decoded);
  if (!input) co_return protocol.encode_error(service, input.error(), request_id);
  const Call call = make_call(request, std::move(*identity), request_id, connection);
  Result<wire::AnyStructure> output = co_await door_.call(call, operation, std::move(*input));
  if (!output) {
    log_.debug("request refused", {{"service", std::string(service.id)},
                                   {"operation", std::string(operation.name)},
                                   {"code", output.error().code},
                                   {"message", output.error().message},
                                   {"request_id", request_id}});
    co_return protocol.encode_error(service, output.error(), request_id);
  }
  co_return protocol.encode(operation, *output, request_id);
}

}  // namespace signalbox::cloud
