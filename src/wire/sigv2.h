// AWS Signature Version 2 of S3's requests ("Signing and authenticating REST requests (AWS Signature Version 2)" in the
// Amazon S3 User Guide): links as SDKs make them for older Regions, and the header "AWS ACCESS_KEY:SIGNATURE".
#pragma once

#include <string>
#include <string_view>

#include "wire/sigv4.h"

namespace signalbox::wire {

/// As verify_head. Errors: SignatureDoesNotMatch, AccessDenied ("Request has expired"), RequestTimeTooSkewed.
Result<Payload> verify_version_2(const http::Request& request, const Signature& signature, std::string_view secret_key,
                                 Time now);

/// What is signed.
std::string string_to_sign_2(const http::Request& request, const Signature& signature);

/// HMAC-SHA1 in base64.
std::string signature_2(std::string_view to_sign, std::string_view secret_key);

}  // namespace signalbox::wire
