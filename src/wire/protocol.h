// The protocols: HTTP bodies to typed requests and back, one generic codec each.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "wire/shape.h"

namespace signalbox::wire {

/// A request that was recognised: which operation of which service, in which protocol.
struct Route {
  ProtocolKind protocol;
  const Operation* operation;
};

class Protocol {
 public:
  virtual ~Protocol() = default;

  /// The typed request, checked against its model's constraints. Errors carry AWS's own codes and texts:
  /// SerializationException, ValidationException / MissingParameter ..., as the service and protocol have them.
  virtual Result<AnyStructure> decode(const Operation& operation, const http::Request& request) const = 0;

  virtual http::Response encode(const Operation& operation, const AnyStructure& output,
                                std::string_view request_id) const = 0;

  virtual http::Response encode_error(const Service& service, const Error& error,
                                      std::string_view request_id) const = 0;
};

const Protocol& protocol(ProtocolKind kind);

}  // namespace signalbox::wire
