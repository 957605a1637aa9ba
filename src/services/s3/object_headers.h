// What a client gives with an object's content, read from the requests that may give it, and shown again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/s3/core.h"
#include "services/s3/encryption.h"

namespace signalbox::s3 {

/// Longest key, and most that user-defined metadata may be.
inline constexpr std::size_t kMaxKeyBytes = 1024;
inline constexpr std::size_t kMaxMetadataBytes = 2048;
inline constexpr std::size_t kMaxObjectTags = 10;

/// Errors: KeyTooLongError, InvalidArgument for what is not UTF-8.
Result<void> check_key(std::string_view key);

using Tags = std::vector<std::pair<std::string, std::string>>;
/// "k=v&k2=v2". Errors: InvalidArgument, InvalidTag.
Result<Tags> read_tag_header(std::string_view text);
/// Errors: InvalidTag, BadRequest for more than `most`.
Result<Tags> read_tags(const std::vector<model::Tag>& tags, std::size_t most);
std::vector<model::Tag> show_tags(const Tags& tags);

/// Errors: InvalidStorageClass; NotImplemented for classes that are not at hand at once.
Result<void> check_storage_class(std::string_view name);
/// Errors: MetadataTooLarge, those of check_storage_class.
Result<void> check_headers(const ObjectHeaders& headers);

void set_system_header(ObjectHeaders& headers, std::string_view name, const std::optional<std::string>& value);
/// A request's Content-Encoding, without what only was on the way.
std::optional<std::string> content_encoding(const std::optional<std::string>& said);

/// User-defined metadata as it is kept: values that are encoded as RFC 2047 has it are decoded.
Texts decoded_metadata(const Texts& sent);
/// As it is told: what is not ASCII is encoded so.
Texts encoded_metadata(const Texts& kept);

/// What a request that makes an object says of it. Errors: those of check_headers and read_tag_header.
template <class In>
Result<ObjectHeaders> headers_of(const In& input) {
  ObjectHeaders headers;
  set_system_header(headers, "content-type", input.content_type.value_or("binary/octet-stream"));
  set_system_header(headers, "cache-control", input.cache_control);
  set_system_header(headers, "content-disposition", input.content_disposition);
  set_system_header(headers, "content-encoding", content_encoding(input.content_encoding));
  set_system_header(headers, "content-language", input.content_language);
  set_system_header(headers, "expires", input.expires);
  if (input.metadata) headers.metadata = decoded_metadata(*input.metadata);
  if (input.storage_class) headers.storage_class = *input.storage_class;
  if (input.tagging) {
    Result<Tags> tags = read_tag_header(*input.tagging);
    if (!tags) return std::unexpected(std::move(tags).error());
    headers.tags = *std::move(tags);
  }
  Result<void> checked = check_headers(headers);
  if (!checked) return std::unexpected(std::move(checked).error());
  return headers;
}

/// What cannot be done with an object yet, by the name of the member that asks for it. Errors: NotImplemented, those of
/// check_encryption.
template <class In>
Result<void> check_supported(const In& input) {
  Result<void> encryption =
      check_encryption(input.server_side_encryption, input.ssekms_key_id, input.sse_customer_algorithm.has_value());
  if (!encryption) return encryption;
  if (input.ssekms_encryption_context) return not_implemented("x-amz-server-side-encryption-context");
  if (input.bucket_key_enabled.value_or(false)) {
    return not_implemented("x-amz-server-side-encryption-bucket-key-enabled");
  }
  if (input.website_redirect_location) return not_implemented("x-amz-website-redirect-location");
  if (input.object_lock_mode || input.object_lock_retain_until_date) return not_implemented("x-amz-object-lock-mode");
  if (input.object_lock_legal_hold_status) return not_implemented("x-amz-object-lock-legal-hold");
  return {};
}

/// The ACL that a request to make or change an object asks for, after the bucket's ownership and access block; and
/// whose the object will be. Errors: those of acl_of; AccessControlListNotSupported, AccessDenied.
struct OwnedAcl {
  std::string owner;
  Acl acl;
};
Result<OwnedAcl> object_acl(const Bucket& bucket, std::string owner, const AclSource& source, bool is_new);

template <class In>
AclSource acl_source(const In& input) {
  AclSource source;
  source.canned = input.acl;
  source.full_control = input.grant_full_control;
  source.read = input.grant_read;
  source.read_acp = input.grant_read_acp;
  source.write_acp = input.grant_write_acp;
  if constexpr (requires { input.grant_write; }) source.write = input.grant_write;
  if constexpr (requires { input.access_control_policy; }) source.policy = input.access_control_policy;
  return source;
}

/// Whether S3 takes such conditions on requests that make an object. Errors: NotImplemented.
Result<void> check_condition_headers(const std::optional<std::string>& if_match,
                                     const std::optional<std::string>& if_none_match);
/// The conditions of requests that make an object: If-Match, If-None-Match. Errors: PreconditionFailed, NoSuchKey,
/// those of check_condition_headers.
Result<void> check_write_conditions(const std::optional<ObjectVersion>& current, std::string_view key,
                                    const std::optional<std::string>& if_match,
                                    const std::optional<std::string>& if_none_match);
/// Whether an ETag, or one of a list of them, is meant by such a header.
bool etag_matches(std::string_view header, std::string_view etag);

}  // namespace signalbox::s3
