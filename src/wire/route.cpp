#include "wire/route.h"

#include <algorithm>

#include "wire/form.h"
#include "wire/route_rest_xml.h"
#include "wire/uri_template.h"

namespace signalbox::wire {
namespace {

bool speaks(const Service& service, ProtocolKind kind) {
  return std::ranges::count(service.protocols, kind) != 0;
}

Routed route_json(std::span<const Service* const> services, std::string_view target, std::string_view content_type) {
  const auto dot = target.rfind('.');
  const std::string_view prefix = target.substr(0, dot);
  const std::string_view name = dot == std::string_view::npos ? std::string_view() : target.substr(dot + 1);
  const ProtocolKind protocol =
      content_type.starts_with("application/x-amz-json-1.0") ? ProtocolKind::kJson10 : ProtocolKind::kJson11;
  for (const Service* service : services) {
    if (service->target_prefix.empty() || service->target_prefix != prefix) continue;
    const Operation* operation = service->find_operation(name);
    if (operation != nullptr) return {protocol, service, operation};
    return {protocol, service, fail("UnknownOperationException", "", 400)};
  }
  return {protocol, nullptr, fail("UnknownOperationException", "", 400)};
}

/// Smithy RPC v2: /service/SERVICE/operation/OPERATION, whatever comes before.
Routed route_rpc(std::span<const Service* const> services, std::string_view path) {
  constexpr std::string_view kServicePart = "/service/";
  constexpr std::string_view kOperationPart = "/operation/";
  constexpr ProtocolKind kind = ProtocolKind::kRpcV2Cbor;
  const auto unknown = [](const Service* service) {
    return Routed{kind, service, fail("UnknownOperationException", "", 404)};
  };
  const auto operation_at = path.rfind(kOperationPart);
  const auto service_at = path.substr(0, operation_at).rfind(kServicePart);
  if (operation_at == std::string_view::npos || service_at == std::string_view::npos) return unknown(nullptr);
  std::string_view name = path.substr(0, operation_at).substr(service_at + kServicePart.size());
  if (const auto dot = name.rfind('.'); dot != std::string_view::npos) name.remove_prefix(dot + 1);
  for (const Service* service : services) {
    if (!speaks(*service, kind) || service->target_prefix != name) continue;
    const Operation* operation = service->find_operation(path.substr(operation_at + kOperationPart.size()));
    if (operation == nullptr) return unknown(service);
    return {kind, service, operation};
  }
  return unknown(nullptr);
}

Routed route_query(std::span<const Service* const> services, const http::Request& request,
                   std::string_view signing_service) {
  const auto action = form_parameter(form_text(request), "Action");
  const Service* named = nullptr;
  for (const Service* service : services) {
    if (!speaks(*service, ProtocolKind::kQuery)) continue;
    if (!signing_service.empty() && service->signing_name != signing_service) continue;
    named = service;
    const Operation* operation = action ? service->find_operation(*action) : nullptr;
    if (operation != nullptr) return {ProtocolKind::kQuery, service, operation};
  }
  if (!action) {
    return {ProtocolKind::kQuery, named,
            fail("MissingAction", "The request is missing an action or a required parameter.", 400)};
  }
  return {ProtocolKind::kQuery, named,
          fail("InvalidAction", "The action " + *action + " is not valid for this endpoint.", 400)};
}

/// Whether the request's query has the parameter that the operation's path ends with ("/layers?find=LayerVersion").
bool has_query_of(const Operation& operation, std::string_view query) {
  const auto mark = operation.uri.find('?');
  if (mark == std::string_view::npos) return true;
  const std::string_view wanted = operation.uri.substr(mark + 1);
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&'));
    if (parameter == wanted) return true;
    query.remove_prefix(std::min(query.size(), parameter.size() + 1));
  }
  return false;
}

/// Whether `one` says more of a request that both fit: its query, or more of its path.
bool is_closer(const Operation& one, const Operation& other) {
  const bool with_query = one.uri.find('?') != std::string_view::npos;
  if (with_query != (other.uri.find('?') != std::string_view::npos)) return with_query;
  return label_count(one.uri) < label_count(other.uri);
}

/// The operation whose method, path and query are the request's: of several the one that says most of it. Services that
/// the request is signed for, or all when it is not signed.
std::optional<Routed> route_rest(std::span<const Service* const> services, const http::Request& request,
                                 std::string_view signing_service) {
  const Service* named = nullptr;
  const Operation* best = nullptr;
  for (const Service* service : services) {
    if (!speaks(*service, ProtocolKind::kRestJson)) continue;
    if (!signing_service.empty() && service->signing_name != signing_service) continue;
    if (!signing_service.empty()) named = service;
    for (const Operation& operation : service->operations) {
      if (operation.method != request.method || !match_uri(operation.uri, request.path())) continue;
      if (!has_query_of(operation, request.query())) continue;
      if (best == nullptr || is_closer(operation, *best)) best = &operation;
    }
  }
  if (best != nullptr) return Routed{ProtocolKind::kRestJson, best->service, best};
  if (named == nullptr) return std::nullopt;
  return Routed{ProtocolKind::kRestJson, named, fail("UnknownOperationException", "", 404)};
}

/// S3's: what is signed for it, and what nobody signed and no other service knows.
std::optional<Routed> route_xml(std::span<const Service* const> services, const http::Request& request,
                                std::string_view signing_service) {
  for (const Service* service : services) {
    if (!speaks(*service, ProtocolKind::kRestXml)) continue;
    if (!signing_service.empty() && service->signing_name != signing_service) continue;
    if (const Operation* operation = route_rest_xml(*service, request)) {
      return Routed{ProtocolKind::kRestXml, service, operation};
    }
    return Routed{ProtocolKind::kRestXml, service,
                  fail("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)};
  }
  return std::nullopt;
}

}  // namespace

Routed route(std::span<const Service* const> services, const http::Request& request, std::string_view signing_service) {
  const std::string_view target = request.header("X-Amz-Target");
  if (!target.empty()) return route_json(services, target, request.header("Content-Type"));
  if (request.header("Smithy-Protocol") == "rpc-v2-cbor") return route_rpc(services, request.path());
  const bool named = !signing_service.empty();
  if (named) {
    if (auto routed = route_xml(services, request, signing_service)) return *std::move(routed);
  }
  if (auto routed = route_rest(services, request, signing_service)) return *std::move(routed);
  const bool form =
      request.method == "POST" && request.header("Content-Type").starts_with("application/x-www-form-urlencoded");
  if (!named && !form && request.path().size() > 1 && !form_parameter(form_text(request), "Action")) {
    if (auto routed = route_xml(services, request, signing_service)) return *std::move(routed);
  }
  return route_query(services, request, signing_service);
}

}  // namespace signalbox::wire
