// REST with XML bodies: S3's protocol.
#pragma once

#include "wire/protocol.h"

namespace signalbox::wire {

/// Requests are read strictly: what the model does not know is refused by name. A body that the operation streams is
/// not looked at. Broken XML and members that are missing are MalformedXML, values elsewhere InvalidArgument; a body
/// that does not match Content-MD5 or x-amz-checksum-... is BadDigest.
class RestXmlProtocol final : public Protocol {
 public:
  Result<AnyStructure> decode(const Operation& operation, const http::Request& request) const override;
  http::Response encode(const Operation& operation, const AnyStructure& output,
                        std::string_view request_id) const override;
  http::Response encode_error(const Service& service, const Error& error, std::string_view request_id) const override;
};

}  // namespace signalbox::wire
