// Server-side encryption: what requests ask for, with which key a content is kept, and how answers tell it
// ("Protecting data with server-side encryption" in the Amazon S3 User Guide).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/s3/core.h"

namespace signalbox::s3 {

/// The only algorithm there is, by its name in requests.
inline constexpr std::string_view kAes = "AES256";

/// A key that a request brings with it (SSE-C).
struct CustomerKey {
  ContentKey key{};
  std::string md5;  // in base64, as sent
};

/// What a request's three headers say; empty for none. Errors: InvalidArgument, InvalidEncryptionAlgorithmError.
Result<std::optional<CustomerKey>> read_customer_key(const std::optional<std::string>& algorithm,
                                                     const std::optional<std::string>& key,
                                                     const std::optional<std::string>& key_md5);

template <class In>
Result<std::optional<CustomerKey>> customer_key_of(const In& input) {
  return read_customer_key(input.sse_customer_algorithm, input.sse_customer_key, input.sse_customer_key_md5);
}
/// The same for the source of a copy.
template <class In>
Result<std::optional<CustomerKey>> source_key_of(const In& input) {
  return read_customer_key(input.copy_source_sse_customer_algorithm, input.copy_source_sse_customer_key,
                           input.copy_source_sse_customer_key_md5);
}

/// Whether the object can be read with what the request brings. Errors: InvalidRequest, AccessDenied.
Result<void> check_may_open(const ObjectVersion& version, const std::optional<CustomerKey>& key);

/// The same for a part of an upload. Errors: InvalidRequest.
Result<void> check_part_key(const Upload& upload, const std::optional<CustomerKey>& key);

/// What x-amz-server-side-encryption asks for: AES256 is done in any case. Errors: InvalidArgument,
/// InvalidEncryptionAlgorithmError, NotImplemented for keys of KMS.
Result<void> check_encryption(const std::optional<std::string>& algorithm, const std::optional<std::string>& kms_key,
                              bool with_customer_key);

inline std::optional<ContentKey> content_key(const std::optional<CustomerKey>& key) {
  return key ? std::optional(key->key) : std::nullopt;
}

/// Says in an answer how the content is kept.
template <class Out>
void show_encryption(Out& out, Sealing sealing, const std::string& customer_key_md5) {
  if (sealing == Sealing::kManaged) out.server_side_encryption = "AES256";
  if constexpr (requires { out.sse_customer_algorithm; }) {
    if (sealing != Sealing::kCustomer) return;
    out.sse_customer_algorithm = "AES256";
    out.sse_customer_key_md5 = customer_key_md5;
  }
}

}  // namespace signalbox::s3
