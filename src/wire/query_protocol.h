// AWS Query: forms in, XML or JSON out; and EC2's way of it.
#pragma once

#include "wire/protocol.h"

namespace signalbox::wire {

/// kQuery, kQueryJson or kEc2Query.
class QueryProtocol final : public Protocol {
 public:
  explicit QueryProtocol(ProtocolKind kind) : kind_(kind) {}
  Result<AnyStructure> decode(const Operation& operation, const http::Request& request) const override;
  http::Response encode(const Operation& operation, const AnyStructure& output,
                        std::string_view request_id) const override;
  http::Response encode_error(const Service& service, const Error& error, std::string_view request_id) const override;

 private:
  ProtocolKind kind_;
};

}  // namespace signalbox::wire
