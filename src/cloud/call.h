// Who calls, from where, and on whose resources: what every operation is told beside its request.
#pragma once

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

struct Call {
  Scope scope;
  Principal principal;
  std::string request_id;
  /// Scheme and authority the client used ("http://localhost:4566"): queue URLs are made with it.
  std::string endpoint;
  std::string source_address;
  /// The client's connection, for long polls to learn that it has gone; null for in-process calls.
  http::Connection* connection = nullptr;
};

}  // namespace signalbox::cloud
