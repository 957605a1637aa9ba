// The protocols with CBOR bodies: Smithy RPC v2, and the form of JSON 1.1 that Kinesis takes from the Java SDK and the
// KCL.
#pragma once

#include "wire/cbor_codec.h"
#include "wire/protocol.h"

namespace signalbox::wire {

class CborProtocol final : public Protocol {
 public:
  CborProtocol(CborDialect dialect, std::string_view content_type) : dialect_(dialect), content_type_(content_type) {}
  Result<AnyStructure> decode(const Operation& operation, const http::Request& request) const override;
  http::Response encode(const Operation& operation, const AnyStructure& output,
                        std::string_view request_id) const override;
  http::Response encode_error(const Service& service, const Error& error, std::string_view request_id) const override;

 private:
  http::Response response_of(int status, std::string_view request_id, bool has_body) const;

  CborDialect dialect_;
  std::string_view content_type_;
};

}  // namespace signalbox::wire
