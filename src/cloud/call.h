// Who calls, from where, and on whose resources: what every operation is told beside its request.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "cloud/principal.h"
#include "cloud/scope.h"
#include "http/message.h"

namespace signalbox::cloud {

/// The bodies of a call over HTTP to an operation that streams them. In-process calls have none: their bodies are in
/// request and result.
struct Streams {
  http::BodyReader* request = nullptr;         // null where the operation takes none
  std::shared_ptr<http::BodyReader> response;  // for the handler to set, in place of the result's body
};

/// How a request was signed, as conditions of S3's policies know it (s3:signatureversion, s3:authType,
/// s3:signatureAge).
struct Signing {
  std::string version;  // "AWS4-HMAC-SHA256", "AWS"
  std::string type;     // "REST-HEADER", "REST-QUERY-STRING"
  Duration age{0};      // of version 4 only
  std::string content;  // what x-amz-content-sha256 says; "" for nothing
};

struct Call {
  Scope scope;
  Principal principal;
  std::string request_id;
  /// Scheme and authority the client used ("http://localhost:4566"): queue URLs are made with it.
  std::string endpoint;
  /// Nobody on the way could read it: over TLS, out of a sandbox of this server's, or within its process.
  bool confidential = true;
  std::string source_address;
  std::string user_agent;
  std::string referer;
  /// X-Amzn-Trace-Id of the request ("Root=1-...;Parent=...;Sampled=1"); "" for none, and for what is none.
  std::string trace_header;
  /// Of an in-process call, the service that makes it, in its own name or in that of the principal whom it serves:
  /// "events.amazonaws.com". Empty for calls over HTTP.
  std::string invoked_by;
  /// Of a service's own call, the resource it is made for (a rule, a topic): aws:SourceArn, aws:SourceAccount.
  std::string source_arn;
  std::string source_account;
  /// Null for in-process calls and those that nobody signed.
  std::shared_ptr<const Signing> signing;
  /// The client's connection, for long polls to learn that it has gone; null for in-process calls.
  http::Connection* connection = nullptr;
  /// Null for in-process calls.
  Streams* streams = nullptr;
};

}  // namespace signalbox::cloud
