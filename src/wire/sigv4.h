// AWS Signature Version 4, and of S3's requests Version 2: reading who signed a request and for what, and verifying it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"
#include "wire/payload.h"

namespace signalbox::wire {

/// How far a request's time may be from ours (AWS: 15 minutes).
inline constexpr Duration kMaxClockSkew = std::chrono::minutes(15);

/// What a request says of its signature, in the Authorization header or in a presigned URL's query.
struct Signature {
  enum class Version : std::uint8_t { k4, k2 };
  Version version = Version::k4;  // k2: S3's only, without date, Region and signed headers
  std::string access_key;
  std::string date;     // 20170428
  std::string region;   // us-east-1
  std::string service;  // signing name: sqs
  std::string signed_headers;
  std::string value;  // hexadecimal
  std::string amz_date;
  std::string session_token;
  bool presigned = false;
  Duration expires{0};  // presigned by version 4 only: how long it lives
  Time signed_at{};     // version 4: what amz_date says, 1970 when that is no time
  Time expires_at{};    // presigned only
};

/// Empty optional when the request is not signed at all; IncompleteSignature and the like, with AWS's texts, when
/// it carries a signature that cannot be read.
Result<std::optional<Signature>> read_signature(const http::Request& request);

/// What a request says of its caller (access key, token, date, region, service), however broken the rest of its
/// signature is; empty optional when it says nothing. Proves nothing: for callers who need not prove who they are.
std::optional<Signature> read_claim(const http::Request& request);

/// Whether the link may be used now, whoever signed it. Errors: AccessDenied, with the members of S3's error.
Result<void> check_life(const Signature& presigned, Time now);

/// Parameters of a presigned URL that S3 takes for headers: x-amz-acl, x-amz-meta-NAME ... as SDKs write them there.
/// Names in lower case; without those of the signature itself and of how the body is framed.
std::vector<std::pair<std::string, std::string>> headers_in_query(std::string_view query, Signature::Version version);
/// The header of that name, or else what stands for it in a URL's query as version 4 has it there; "" for neither.
/// `name` in lower case.
std::string header_or_parameter(const http::Request& request, std::string_view name);

/// Checks the signature of a request of S3's, whose body need not be there yet: returns how that is framed and what it
/// is to be checked against (PayloadDecoder). Errors: as verify_signature; InvalidRequest.
Result<Payload> verify_head(const http::Request& request, const Signature& signature, std::string_view secret_key,
                            Time now);

/// Checks the signature of the whole request, its payload hash included (a hash of the body, UNSIGNED-PAYLOAD, or
/// STREAMING-AWS4-HMAC-SHA256-PAYLOAD with its chunk signatures; of other services than S3 a hash of the body alone),
/// against the secret key. Headers x-amz-* must all be signed.
/// Returns the body: as sent, or without its chunk framing. Errors: SignatureDoesNotMatch, RequestTimeTooSkewed /
/// "Signature expired: ...", IncompleteSignature, AccessDenied, as AWS words them.
Result<std::string> verify_signature(const http::Request& request, const Signature& signature,
                                     std::string_view secret_key, Time now);

/// The Authorization header for `request`, which has the headers Host and X-Amz-Date and no signature yet: what a
/// client sends. `signature` gives access key, region and service.
std::string authorization_of(const http::Request& request, Signature signature, std::string_view secret_key);

}  // namespace signalbox::wire
