#include "wire/route.h"

#include <algorithm>

#include "wire/form.h"

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

}  // namespace

Routed route(std::span<const Service* const> services, const http::Request& request, std::string_view signing_service) {
  const std::string_view target = request.header("X-Amz-Target");
  if (!target.empty()) return route_json(services, target, request.header("Content-Type"));
  return route_query(services, request, signing_service);
}

}  // namespace signalbox::wire
