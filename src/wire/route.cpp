#include "wire/route.h"

#include <algorithm>

#include "base/encoding.h"
#include "wire/form.h"
#include "wire/route_rest_xml.h"
#include "wire/uri_template.h"

namespace signalbox::wire {
namespace {

bool speaks(const Service& service, ProtocolKind kind) {
  return std::ranges::count(service.protocols, kind) != 0;
}

/// What AWS answers, in XML, to a request that is of no protocol it knows.
Routed of_no_protocol(const Service* service) {
  return {ProtocolKind::kQuery, service, fail("UnknownOperationException", "", 404)};
}

/// The protocol that goes by X-Amz-Target and has bodies of this type; none for any other type.
std::optional<ProtocolKind> kind_of_target(std::string_view content_type) {
  if (content_type.starts_with("application/x-amz-json-1.0")) return ProtocolKind::kJson10;
  if (content_type.starts_with("application/x-amz-cbor-1.1")) return ProtocolKind::kCbor11;
  const bool json = content_type.starts_with("application/x-amz-json-") || content_type.starts_with("application/json");
  if (json || content_type.empty()) return ProtocolKind::kJson11;
  return std::nullopt;
}

/// Whether X-Amz-Target's prefix names the service: as its model has it, or only what stands behind the last dot there
/// ("CloudTrail_20131101", where the model says "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"), as the SDKs
/// that are generated from Smithy models send it.
bool is_target_of(std::string_view prefix, const Service& service) {
  const std::string_view whole = service.target_prefix;
  return !prefix.empty() && (whole == prefix || whole.substr(whole.rfind('.') + 1) == prefix);
}

Routed route_json(std::span<const Service* const> services, std::string_view target, std::string_view content_type) {
  const auto dot = target.rfind('.');
  const std::string_view prefix = target.substr(0, dot);
  const std::string_view name = dot == std::string_view::npos ? std::string_view() : target.substr(dot + 1);
  const auto kind = kind_of_target(content_type);
  if (!kind) return of_no_protocol(nullptr);
  const ProtocolKind protocol = *kind;
  for (const Service* service : services) {
    if (!is_target_of(prefix, *service)) continue;
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
  constexpr ProtocolKind kKind = ProtocolKind::kRpcV2Cbor;
  const auto unknown = [](const Service* service) {
    return Routed{kKind, service, fail("UnknownOperationException", "", 404)};
  };
  const auto operation_at = path.rfind(kOperationPart);
  const auto service_at = path.substr(0, operation_at).rfind(kServicePart);
  if (operation_at == std::string_view::npos || service_at == std::string_view::npos) return unknown(nullptr);
  std::string_view name = path.substr(0, operation_at).substr(service_at + kServicePart.size());
  if (const auto dot = name.rfind('.'); dot != std::string_view::npos) name.remove_prefix(dot + 1);
  for (const Service* service : services) {
    if (!speaks(*service, kKind) || service->target_prefix != name) continue;
    const Operation* operation = service->find_operation(path.substr(operation_at + kOperationPart.size()));
    if (operation == nullptr) return unknown(service);
    return {kKind, service, operation};
  }
  return unknown(nullptr);
}

bool takes_queue_url(const Operation& operation) {
  return std::ranges::count(operation.input->members, "QueueUrl", &Member::name) != 0;
}

/// Whether the request is sent to a queue's URL and the operation is SQS's but none of a queue.
bool is_beside_its_queue(const Operation& operation, const http::Request& request) {
  return request.path().size() > 1 && !takes_queue_url(operation) &&
         std::ranges::any_of(operation.service->operations, takes_queue_url);
}

std::string no_such_action(const Service* service, const std::string& action, const http::Request& request) {
  if (service == nullptr || std::ranges::any_of(service->operations, takes_queue_url)) {
    return "The action " + action + " is not valid for this endpoint.";
  }
  const auto version = form_parameter(form_text(request), "Version");
  return "Could not find operation " + action + " for version " + version.value_or(std::string(service->api_version));
}

Routed route_query(std::span<const Service* const> services, const http::Request& request,
                   std::string_view signing_service) {
  const auto action = form_parameter(form_text(request), "Action");
  const bool in_json = request.header("Accept").find("application/json") != std::string_view::npos;
  const ProtocolKind protocol = in_json ? ProtocolKind::kQueryJson : ProtocolKind::kQuery;
  const Service* named = nullptr;
  for (const Service* service : services) {
    const bool ec2 = speaks(*service, ProtocolKind::kEc2Query);
    if (!ec2 && !speaks(*service, ProtocolKind::kQuery)) continue;
    if (!signing_service.empty() && service->signing_name != signing_service) continue;
    named = service;
    const Operation* operation = action ? service->find_operation(*action) : nullptr;
    if (operation == nullptr) continue;
    if (is_beside_its_queue(*operation, request)) break;
    return {ec2 ? ProtocolKind::kEc2Query : protocol, service, operation};
  }
  if (!action && request.method != "POST") return of_no_protocol(named);
  if (!action) {
    return {protocol, named, fail("MissingAction", "The request is missing an action or a required parameter.", 400)};
  }
  return {protocol, named, fail("InvalidAction", no_such_action(named, *action, request), 400)};
}

std::string_view take_parameter(std::string_view& query) {
  const std::string_view parameter = query.substr(0, query.find('&'));
  query.remove_prefix(std::min(query.size(), parameter.size() + 1));
  return parameter;
}

bool has_parameter(std::string_view query, std::string_view wanted) {
  while (!query.empty()) {
    const std::string_view parameter = take_parameter(query);
    // "?acl" is also sent as "?acl=".
    if (parameter == wanted || (parameter.ends_with('=') && parameter.substr(0, parameter.size() - 1) == wanted))
      return true;
  }
  return false;
}

/// Whether the request's query has the parameters that the operation's path ends with ("/layers?find=LayerVersion").
bool has_query_of(const Operation& operation, std::string_view query) {
  std::string_view wanted = operation.uri.substr(std::min(operation.uri.find('?'), operation.uri.size()));
  if (!wanted.empty()) wanted.remove_prefix(1);
  while (!wanted.empty()) {
    if (!has_parameter(query, take_parameter(wanted))) return false;
  }
  return true;
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

/// Whether the paths of the service begin with its version: S3 Control's, which is signed as S3 is.
bool is_versioned(const Service& service) {
  return service.operations.front().uri.starts_with("/v") &&
         service.operations.front().uri.substr(2, 4) == service.api_version.substr(0, 4);
}

/// S3's: what is signed for it, and what nobody signed and no other service knows.
std::optional<Routed> route_xml(std::span<const Service* const> services, const http::Request& request,
                                std::string_view signing_service) {
  for (const Service* service : services) {
    if (!speaks(*service, ProtocolKind::kRestXml) || is_versioned(*service) != has_version_path(request)) continue;
    if (!signing_service.empty() && service->signing_name != signing_service) continue;
    const auto path = percent_decode(request.path());
    const auto query = percent_decode(request.query());
    if (!path || !is_utf8(*path) || (query && !is_utf8(*query))) {
      return Routed{ProtocolKind::kRestXml, service, fail("InvalidURI", "Couldn't parse the specified URI.", 400)};
    }
    if (const Operation* operation = route_rest_xml(*service, request)) {
      return Routed{ProtocolKind::kRestXml, service, operation};
    }
    // A page's question before a request is answered before it comes here: this one says not what it asks for.
    if (request.method == "OPTIONS") {
      return Routed{ProtocolKind::kRestXml, service,
                    fail("BadRequest",
                         request.header("Origin").empty() ? "Insufficient information. Origin request header needed."
                                                          : "Invalid Access-Control-Request-Method: null",
                         400)};
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
  if (request.header("Smithy-Protocol") == "rpc-v2-cbor") {
    return request.method == "POST"
               ? route_rpc(services, request.path())
               : Routed{ProtocolKind::kRpcV2Cbor, nullptr, fail("UnknownOperationException", "", 404)};
  }
  const bool named = !signing_service.empty();
  if (named) {
    if (auto routed = route_xml(services, request, signing_service)) return *std::move(routed);
  }
  if (auto routed = route_rest(services, request, signing_service)) return *std::move(routed);
  // Plain curl calls whatever it posts a form: "/bucket?delete" is S3's for all that.
  const bool form = request.method == "POST" && request.query().empty() &&
                    request.header("Content-Type").starts_with("application/x-www-form-urlencoded");
  if (!named && !form && request.path().size() > 1 && !form_parameter(form_text(request), "Action")) {
    if (auto routed = route_xml(services, request, signing_service)) return *std::move(routed);
  }
  return route_query(services, request, signing_service);
}

}  // namespace signalbox::wire
