#include "services/s3/encryption.h"

#include <algorithm>

#include "base/encoding.h"

namespace signalbox::s3 {
namespace {

constexpr std::string_view kAlgorithmHeader = "x-amz-server-side-encryption-customer-algorithm";

std::unexpected<Error> no_such_algorithm(std::string_view header, std::string_view value) {
  return s3_error("InvalidEncryptionAlgorithmError",
                  "The Encryption request you specified is not valid. Supported value: AES256.", 400,
                  {{"ArgumentName", std::string(header)}, {"ArgumentValue", std::string(value)}});
}

std::unexpected<Error> bad_key(std::string_view what) {
  return invalid_argument(std::string(what), "x-amz-server-side-encryption", "null");
}

}  // namespace

Result<std::optional<CustomerKey>> read_customer_key(const std::optional<std::string>& algorithm,
                                                     const std::optional<std::string>& key,
                                                     const std::optional<std::string>& key_md5) {
  if (!algorithm && !key && !key_md5) return std::nullopt;
  if (!algorithm) {
    return bad_key(
        "Requests specifying Server Side Encryption with Customer provided keys must provide a valid "
        "encryption algorithm.");
  }
  if (*algorithm != kAes) return no_such_algorithm(kAlgorithmHeader, *algorithm);
  if (!key) {
    return bad_key(
        "Requests specifying Server Side Encryption with Customer provided keys must provide an "
        "appropriate secret key.");
  }
  if (!key_md5) {
    return bad_key(
        "Requests specifying Server Side Encryption with Customer provided keys must provide the client "
        "calculated MD5 of the secret key.");
  }
  const auto bytes = from_base64(*key);
  CustomerKey read;
  if (!bytes || bytes->size() != read.key.size())
    return bad_key("The secret key was invalid for the specified algorithm.");
  if (from_base64(*key_md5) != as_bytes(md5(*bytes))) {
    return bad_key("The calculated MD5 hash of the key did not match the hash that was provided.");
  }
  std::ranges::copy(*bytes, read.key.begin());
  read.md5 = *key_md5;
  return read;
}

Result<void> check_may_open(const ObjectVersion& version, const std::optional<CustomerKey>& key) {
  if (version.sealing != Sealing::kCustomer) {
    if (key) return fail("InvalidRequest", "The encryption parameters are not applicable to this object.", 400);
    return {};
  }
  if (!key) {
    return fail("InvalidRequest",
                "The object was stored using a form of Server Side Encryption. The correct parameters must be provided "
                "to retrieve the object.",
                400);
  }
  if (key->md5 == version.customer_key_md5) return {};
  return fail("AccessDenied",
              "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret "
              "key.",
              403);
}

Result<void> check_part_key(const Upload& upload, const std::optional<CustomerKey>& key) {
  if (upload.customer_key_md5 == (key ? key->md5 : "")) return {};
  if (key) {
    return fail("InvalidRequest", "The provided encryption parameters did not match the ones used originally.", 400);
  }
  return fail("InvalidRequest",
              "The multipart upload initiate requested encryption. Subsequent part requests must include the "
              "appropriate encryption parameters.",
              400);
}

Result<void> check_encryption(const std::optional<std::string>& algorithm, const std::optional<std::string>& kms_key,
                              bool with_customer_key) {
  constexpr std::string_view kHeader = "x-amz-server-side-encryption";
  if (!algorithm) {
    return kms_key ? Result<void>(not_implemented("x-amz-server-side-encryption-aws-kms-key-id")) : Result<void>();
  }
  if (with_customer_key) {
    return invalid_argument(
        "Server Side Encryption with Customer provided key is incompatible with the encryption method "
        "specified",
        kHeader, *algorithm);
  }
  if (algorithm->starts_with("aws:")) return not_implemented(std::string(kHeader) + ": " + *algorithm);
  if (*algorithm != kAes) return no_such_algorithm(kHeader, *algorithm);
  if (kms_key) {
    return invalid_argument(
        "Server Side Encryption with AWS KMS managed key requires HTTP header "
        "x-amz-server-side-encryption : aws:kms",
        kHeader, *algorithm);
  }
  return {};
}

}  // namespace signalbox::s3
