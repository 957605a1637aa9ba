// Smithy RPC v2 CBOR: a service's operations under their names, structures as CBOR (RFC 8949).
#pragma once

#include "wire/protocol.h"

namespace signalbox::wire {

class RpcCborProtocol final : public Protocol {
 public:
  Result<AnyStructure> decode(const Operation& operation, const http::Request& request) const override;
  http::Response encode(const Operation& operation, const AnyStructure& output,
                        std::string_view request_id) const override;
  http::Response encode_error(const Service& service, const Error& error, std::string_view request_id) const override;
};

}  // namespace signalbox::wire
