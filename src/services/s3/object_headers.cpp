#include "services/s3/object_headers.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "cloud/tags.h"

namespace signalbox::s3 {
namespace {

constexpr std::size_t kMaxTagKey = 128;
constexpr std::size_t kMaxTagValue = 256;

std::string_view take(std::string_view& rest, char separator) {
  const std::string_view part = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// Letters, digits, spaces and some signs.
bool is_tag_text(std::string_view text) {
  return is_utf8(text) && std::ranges::all_of(text, [](char c) {
           const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
           return letter || (c & 0x80) != 0 || std::string_view(" _.:/=+-@").find(c) != std::string_view::npos;
         });
}

Result<void> check_tag(const std::string& key, const std::string& value) {
  if (cloud::is_reserved_tag(key)) {
    return s3_error("InvalidTag", "System tags cannot be added/updated by requester", 400, {{"TagKey", key}});
  }
  if (key.empty() || count_characters(key) > kMaxTagKey || !is_tag_text(key)) {
    return s3_error("InvalidTag", "The TagKey you have provided is invalid", 400, {{"TagKey", key}});
  }
  if (count_characters(value) > kMaxTagValue || !is_tag_text(value)) {
    return s3_error("InvalidTag", "The TagValue you have provided is invalid", 400,
                    {{"TagKey", key}, {"TagValue", value}});
  }
  return {};
}

Result<Tags> checked_tags(Tags tags, std::size_t most) {
  if (tags.size() > most) {
    const std::string_view whose = most == kMaxObjectTags ? "Object" : "Bucket";
    return fail("BadRequest", std::string(whose) + " tag count cannot be greater than " + std::to_string(most), 400);
  }
  std::set<std::string_view> keys;
  for (const auto& [key, value] : tags) {
    Result<void> checked = check_tag(key, value);
    if (!checked) return std::unexpected(std::move(checked).error());
    if (!keys.insert(key).second) {
      return s3_error("InvalidTag", "Cannot provide multiple Tags with the same key", 400, {{"TagKey", key}});
    }
  }
  return tags;
}

}  // namespace

Result<void> check_key(std::string_view key) {
  if (key.size() > kMaxKeyBytes) {
    return s3_error("KeyTooLongError", "Your key is too long", 400,
                    {{"Size", std::to_string(key.size())}, {"MaxSizeAllowed", std::to_string(kMaxKeyBytes)}});
  }
  if (key.empty() || !is_utf8(key)) return invalid_argument("The key is not UTF-8.", "Key", "");
  return {};
}

Result<Tags> read_tag_header(std::string_view text) {
  Tags tags;
  while (!text.empty()) {
    std::string_view pair = take(text, '&');
    const auto key = percent_decode(take(pair, '='), true);
    const auto value = percent_decode(pair, true);
    if (!key || !value || !is_utf8(*key) || !is_utf8(*value)) {
      return invalid_argument(
          "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query "
          "parameters without tag name duplicates.",
          "x-amz-tagging", text);
    }
    tags.emplace_back(*key, *value);
  }
  return checked_tags(std::move(tags), kMaxObjectTags);
}

Result<Tags> read_tags(const std::vector<model::Tag>& tags, std::size_t most) {
  Tags read;
  for (const model::Tag& tag : tags) read.emplace_back(tag.key.value_or(""), tag.value.value_or(""));
  return checked_tags(std::move(read), most);
}

std::vector<model::Tag> show_tags(const Tags& tags) {
  std::vector<model::Tag> shown;
  for (const auto& [key, value] : tags) {
    model::Tag& tag = shown.emplace_back();
    tag.key = key;
    tag.value = value;
  }
  return shown;
}

Result<void> check_headers(const ObjectHeaders& headers) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : headers.metadata) bytes += name.size() + value.size();
  if (bytes > kMaxMetadataBytes) {
    return s3_error("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size", 400,
                    {{"Size", std::to_string(bytes)}, {"MaxSizeAllowed", std::to_string(kMaxMetadataBytes)}});
  }
  return check_storage_class(headers.storage_class);
}

Result<void> check_storage_class(std::string_view name) {
  // Classes differ in price and in nothing that can be seen, but for archives, whose objects must be restored.
  static constexpr std::string_view kAtHand[] = {"STANDARD",   "REDUCED_REDUNDANCY",  "STANDARD_IA",
                                                 "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"};
  static constexpr std::string_view kElsewhere[] = {"GLACIER",         "DEEP_ARCHIVE", "OUTPOSTS", "SNOW",
                                                    "EXPRESS_ONEZONE", "FSX_OPENZFS",  "FSX_ONTAP"};
  if (std::ranges::find(kAtHand, name) != std::end(kAtHand)) return {};
  if (std::ranges::find(kElsewhere, name) != std::end(kElsewhere)) {
    return not_implemented("the storage class " + std::string(name));
  }
  return s3_error("InvalidStorageClass", "The storage class you specified is not valid", 400,
                  {{"StorageClassRequested", std::string(name)}});
}

void set_system_header(ObjectHeaders& headers, std::string_view name, const std::optional<std::string>& value) {
  if (value) headers.system[std::string(name)] = *value;
}

std::optional<std::string> content_encoding(const std::optional<std::string>& said) {
  if (!said) return std::nullopt;
  std::string kept;
  std::string_view rest = *said;
  while (!rest.empty()) {
    const std::string_view coding = trim(take(rest, ','));
    if (coding == "aws-chunked" || coding.empty()) continue;
    if (!kept.empty()) kept += ',';
    kept += coding;
  }
  if (kept.empty()) return std::nullopt;
  return kept;
}

Result<OwnedAcl> object_acl(const Bucket& bucket, std::string owner, const AclSource& source, bool is_new) {
  if (bucket.enforces_owner()) {
    const bool harmless = source.canned == "bucket-owner-full-control" && !source.policy;
    if (source.given() && !harmless) {
      return fail("AccessControlListNotSupported", "The bucket does not allow ACLs", 400);
    }
    return OwnedAcl{bucket.scope.account, {{canonical_id(bucket.scope.account), "FULL_CONTROL"}}};
  }
  const bool given_away =
      is_new && bucket.ownership == Ownership::kBucketOwnerPreferred && source.canned == "bucket-owner-full-control";
  // An anonymous writer's object is the bucket owner's.
  if (owner.empty() || given_away) owner = bucket.scope.account;
  Result<Acl> acl = acl_of(source, owner, bucket.scope.account);
  if (!acl) return std::unexpected(std::move(acl).error());
  if (bucket.block().block_acls && is_public(*acl)) return access_denied();
  return OwnedAcl{std::move(owner), *std::move(acl)};
}

bool etag_matches(std::string_view header, std::string_view etag) {
  while (!header.empty()) {
    std::string_view one = trim(take(header, ','));
    if (one == "*") return true;
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one.starts_with('"') && one.ends_with('"') && one.size() >= 2) one = one.substr(1, one.size() - 2);
    if (one == etag) return true;
  }
  return false;
}

Result<void> check_condition_headers(const std::optional<std::string>& if_match,
                                     const std::optional<std::string>& if_none_match) {
  const auto value_not_taken = [](const std::string& header) {
    return header_not_taken(header, "We don't accept the provided value of " + header + " header for this API");
  };
  if (if_match && if_none_match) {
    return header_not_taken("If-Match,If-None-Match", "Multiple conditional request headers present in the request");
  }
  if (if_none_match && *if_none_match != "*") return value_not_taken("If-None-Match");
  if (if_match && *if_match == "*") return value_not_taken("If-Match");
  return {};
}

Result<void> check_write_conditions(const std::optional<ObjectVersion>& current, std::string_view key,
                                    const std::optional<std::string>& if_match,
                                    const std::optional<std::string>& if_none_match) {
  Result<void> taken = check_condition_headers(if_match, if_none_match);
  if (!taken) return taken;
  const bool there = current && !current->delete_marker;
  if (if_none_match && there) return precondition_failed("If-None-Match");
  if (if_match) {
    if (!there) return no_such_key(key);
    if (!etag_matches(*if_match, current->etag)) return precondition_failed("If-Match");
  }
  return {};
}

}  // namespace signalbox::s3
