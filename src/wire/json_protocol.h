// AWS JSON 1.0 and 1.1.
#pragma once

#include "wire/protocol.h"

namespace signalbox::wire {

class JsonProtocol final : public Protocol {
 public:
  explicit JsonProtocol(std::string_view content_type) : content_type_(content_type) {}
  Result<AnyStructure> decode(const Operation& operation, const http::Request& request) const override;
  http::Response encode(const Operation& operation, const AnyStructure& output,
                        std::string_view request_id) const override;
  http::Response encode_error(const Service& service, const Error& error, std::string_view request_id) const override;

 private:
  std::string_view content_type_;
};

}  // namespace signalbox::wire
