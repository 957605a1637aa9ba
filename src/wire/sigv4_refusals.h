// What whoever signs badly is told. S3 has codes, texts and members of its own ("Error responses" in the Amazon S3 API
// Reference).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/sigv4.h"

namespace signalbox::wire {

/// Shows what the server signed where S3 does; the texts may be empty.
std::unexpected<Error> signature_mismatch(const Signature& signature, std::string_view string_to_sign,
                                          std::string_view canonical_request);

/// For the header `name`, which every signature has to cover.
std::unexpected<Error> must_be_signed(std::string_view name);

/// For headers x-amz-* beyond the signature.
std::unexpected<Error> headers_not_signed(const Signature& signature, const std::vector<std::string>& names);

/// A request that was signed too long ago, or in the future. Of presigned ones: whose time has not come.
std::unexpected<Error> too_early(const Signature& signature, Time now);
std::unexpected<Error> too_late(const Signature& signature, Time now);

/// The date of the credential scope is not that of the request.
std::unexpected<Error> date_differs(const Signature& signature);

/// The credential scope names another service than that which is asked.
Error wrong_service(const Signature& signature, std::string_view service);

/// A presigned URL of S3's that cannot be read.
std::unexpected<Error> bad_query(std::string message);

}  // namespace signalbox::wire
