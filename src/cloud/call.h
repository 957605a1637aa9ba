// Who calls, from where, and on whose resources: what every operation is told beside its request.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "cloud/scope.h"
#include "http/message.h"

namespace signalbox::cloud {

/// Who the caller is, as far as the server's auth mode established it.
struct Principal {
  std::string arn;         // arn:aws:iam::ACCOUNT:root, or the service principal of an in-process call
  std::string access_key;  // empty for in-process calls
};

/// The bodies of a call over HTTP to an operation that streams them. In-process calls have none: their bodies are in
/// request and result.
struct Streams {
  http::BodyReader* request = nullptr;         // null where the operation takes none
  std::shared_ptr<http::BodyReader> response;  // for the handler to set, in place of the result's body
};

struct Call {
  Scope scope;
  Principal principal;
  std::string request_id;
  /// Scheme and authority the client used ("http://localhost:4566"): queue URLs are made with it.
  std::string endpoint;
  std::string source_address;
  /// The client's connection, for long polls to learn that it has gone; null for in-process calls.
  http::Connection* connection = nullptr;
  /// Null for in-process calls.
  Streams* streams = nullptr;
};

}  // namespace signalbox::cloud
