// Which operation of which service a request asks for, told from what it carries itself.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "wire/protocol.h"
#include "wire/shape.h"

namespace signalbox::wire {

/// What a request asks for. Protocol and service are there for encoding the answer even when the operation is not.
struct Routed {
  ProtocolKind protocol;
  const Service* service;              // null when no service could be told
  Result<const Operation*> operation;  // or UnknownOperationException, InvalidAction, MissingAction
};

/// Reads X-Amz-Target (the JSON protocols, and CBOR in their place), the path where the header Smithy-Protocol says so
/// (RPC v2 CBOR), or Action in a form body or query string (the query protocol). `signing_service` is the service of
/// the request's credential scope, "" when unsigned: it tells apart services that know the same action.
Routed route(std::span<const Service* const> services, const http::Request& request, std::string_view signing_service);

}  // namespace signalbox::wire
