#include "services/s3/request_keys.h"

#include <algorithm>
#include <iterator>

#include "base/encoding.h"
#include "cloud/access_table.h"
#include "http/secure.h"

namespace signalbox::s3 {
namespace {

using cloud::InputFields;
using wire::Member;

/// Headers that have a key, and what that is called where it is not the header's name.
struct HeaderKey {
  std::string_view header;
  std::string_view key = {};
};
constexpr HeaderKey kHeaderKeys[] = {
    {"x-amz-acl"},
    {"x-amz-copy-source"},
    {"x-amz-grant-full-control"},
    {"x-amz-grant-read"},
    {"x-amz-grant-read-acp"},
    {"x-amz-grant-write"},
    {"x-amz-grant-write-acp"},
    {"x-amz-metadata-directive"},
    {"x-amz-object-ownership"},
    {"x-amz-server-side-encryption"},
    {"x-amz-server-side-encryption-aws-kms-key-id"},
    {"x-amz-server-side-encryption-customer-algorithm"},
    {"x-amz-storage-class"},
    {"x-amz-website-redirect-location"},
    {"x-amz-object-lock-legal-hold", "object-lock-legal-hold"},
    {"x-amz-object-lock-mode", "object-lock-mode"},
    {"x-amz-object-lock-retain-until-date", "object-lock-retain-until-date"},
    {"if-match"},
    {"if-none-match"},
};

constexpr HeaderKey kQueryKeys[] = {{"prefix"}, {"delimiter"}, {"max-keys"}, {"versionId", "versionid"}};

/// Keys that come from neither: of the signature, the bucket, the object and its tags.
constexpr std::string_view kOtherKeys[] = {
    "authtype",        "signatureage",       "signatureversion",     "x-amz-content-sha256",
    "resourceaccount", "locationconstraint", "requestobjecttagkeys", "tlsversion"};
/// Keys of what this server has not, access points, grants and inventories: no request has them, and so policies that
/// name them hold as they stand.
constexpr std::string_view kAbsentKeys[] = {"accessgrantsinstancearn", "accesspointnetworkorigin",
                                            "dataaccesspointaccount", "dataaccesspointarn",
                                            "inventoryaccessibleoptionalfields"};
constexpr std::string_view kTagKeys[] = {"existingobjecttag/", "requestobjecttag/"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
  return out;
}

void add_once(policy::Context& keys, std::string_view key, std::string value) {
  if (keys.find(lower(key)).empty()) keys.add(key, std::move(value));
}

const HeaderKey* key_of(std::span<const HeaderKey> keys, std::string_view name) {
  const auto found =
      std::ranges::find_if(keys, [&](const HeaderKey& key) { return http::same_name(key.header, name); });
  return found == keys.end() ? nullptr : &*found;
}

/// "bucket/key", however the header spells it.
std::string copy_source(std::string_view text) {
  text = text.substr(0, text.find("?versionId="));
  if (text.starts_with('/')) text.remove_prefix(1);
  return percent_decode(text).value_or(std::string(text));
}

/// Tags of the header x-amz-tagging, or of a body Tagging.
void add_tags(const InputFields& input, policy::Context& keys) {
  const auto add = [&keys](std::string name, std::string value) {
    keys.add("s3:RequestObjectTag/" + name, std::move(value));
    keys.add("s3:RequestObjectTagKeys", std::move(name));
  };
  const std::string header = input.text("Tagging");
  for (std::string_view rest = header; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::string_view name = pair.substr(0, pair.find('='));
    auto key = percent_decode(name, true);
    auto value = percent_decode(pair.substr(std::min(pair.size(), name.size() + 1)), true);
    if (key && value && !key->empty()) add(*std::move(key), *std::move(value));
  }
  std::vector<std::string> names = input.texts("Tagging.TagSet[].Key");
  std::vector<std::string> values = input.texts("Tagging.TagSet[].Value");
  if (names.size() != values.size()) values.assign(names.size(), "");  // one is empty: texts() leaves those out
  for (std::size_t i = 0; i < names.size(); ++i) add(std::move(names[i]), std::move(values[i]));
}

/// What the members in headers and parameters say.
void add_members(const InputFields& input, policy::Context& keys) {
  for (const Member& member : input.shape().members) {
    const bool is_header = member.location == wire::Location::kHeader;
    if (!is_header && member.location != wire::Location::kQuery) continue;
    const std::span<const HeaderKey> table = is_header ? std::span<const HeaderKey>(kHeaderKeys) : kQueryKeys;
    const HeaderKey* key = key_of(table, member.location_name);
    if (key == nullptr || member.find(input.value()) == nullptr) continue;
    std::string value = input.text(member.name);
    if (key->header == "x-amz-copy-source") value = copy_source(value);
    add_once(keys, "s3:" + std::string(key->key.empty() ? key->header : key->key), std::move(value));
  }
}

void add_signing(const cloud::Call& call, policy::Context& keys) {
  if (!call.signing) return;
  add_once(keys, "s3:signatureversion", call.signing->version);
  add_once(keys, "s3:authType", call.signing->type);
  if (call.signing->version != "AWS") {
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(call.signing->age).count();
    add_once(keys, "s3:signatureAge", std::to_string(millis));
  }
  if (!call.signing->content.empty()) add_once(keys, "s3:x-amz-content-sha256", call.signing->content);
}

bool reads_tags(const cloud::Access& access) {
  return access.action == "s3:GetObjectTagging" || access.action == "s3:GetObjectVersionTagging";
}

/// What else is asked for by a request that makes an object or a bucket, or tells an object's attributes ("Required
/// permissions for Amazon S3 API operations" in the Amazon S3 User Guide).
void add_more(const cloud::Call& call, std::string_view operation, const InputFields& input,
              cloud::Accesses& accesses) {
  const auto also = [&accesses](const char* action) {
    cloud::Access access = accesses.front();
    access.action = action;
    accesses.push_back(std::move(access));
  };
  if (operation == "GetObjectAttributes") {
    const bool of_version = accesses.front().action == "s3:GetObjectVersion";
    also(of_version ? "s3:GetObjectVersionAttributes" : "s3:GetObjectAttributes");
  }
  // Services give what they put for somebody a list as a matter of course; "s3:PutObject" lets them.
  if (call.principal.is_service()) return;
  const bool makes_bucket = operation == "CreateBucket";
  const bool makes_object =
      operation == "PutObject" || operation == "CopyObject" || operation == "CreateMultipartUpload";
  if (!makes_object && !makes_bucket) return;
  const bool has_list =
      std::ranges::any_of(std::initializer_list<std::string_view>{"ACL", "GrantFullControl", "GrantRead",
                                                                  "GrantReadACP", "GrantWrite", "GrantWriteACP"},
                          [&](std::string_view name) { return !input.text(name).empty(); });
  // "if you set the ACL to private ... only the s3:CreateBucket permission is required"
  const bool makes_private = makes_bucket && input.text("ACL") == "private";
  if (has_list && !makes_private) also(makes_bucket ? "s3:PutBucketAcl" : "s3:PutObjectAcl");
  if (makes_bucket && !input.text("ObjectOwnership").empty()) also("s3:PutBucketOwnershipControls");
  const bool passes_tags = std::ranges::any_of(accesses, reads_tags);  // those of a copy's source
  if (makes_bucket && !input.texts("CreateBucketConfiguration.Tags[].Key").empty()) also("s3:TagResource");
  if (makes_object && (passes_tags || !input.text("Tagging").empty())) also("s3:PutObjectTagging");
}

}  // namespace

void complete(const cloud::Call& call, const wire::Operation& operation, const wire::AnyStructure& input,
              cloud::Accesses& accesses) {
  if (accesses.empty()) return;
  const InputFields fields(input);
  // The first is what the operation does; behind it may be the reading of a copy's source.
  policy::Context& keys = accesses.front().keys;
  add_members(fields, keys);
  add_tags(fields, keys);
  const std::string location = fields.text("CreateBucketConfiguration.LocationConstraint");
  if (!location.empty()) add_once(keys, "s3:LocationConstraint", location);
  add_more(call, operation.name, fields, accesses);
  const std::string tls(call.connection == nullptr ? std::string_view() : http::tls_version_of(*call.connection));
  for (cloud::Access& access : accesses) {
    add_signing(call, access.keys);
    if (!tls.empty()) add_once(access.keys, "s3:TlsVersion", tls);
    if (!access.account.empty()) add_once(access.keys, "s3:ResourceAccount", access.account);
  }
}

bool is_condition_key(std::string_view key) {
  const std::string name = lower(key);
  if (name.starts_with("aws:") || name.starts_with("saml:") || name.starts_with("cognito-identity.amazonaws.com:")) {
    return true;
  }
  constexpr std::string_view kPrefix = "s3:";
  if (!name.starts_with(kPrefix)) return false;
  const std::string_view own = std::string_view(name).substr(kPrefix.size());
  const auto has = [&](const HeaderKey& one) { return own == (one.key.empty() ? one.header : one.key); };
  const auto begins = [&](std::string_view one) { return own.starts_with(one) && own.size() > one.size(); };
  return std::ranges::any_of(kHeaderKeys, has) || std::ranges::any_of(kQueryKeys, has) ||
         std::ranges::count(kOtherKeys, own) != 0 || std::ranges::count(kAbsentKeys, own) != 0 ||
         std::ranges::any_of(kTagKeys, begins);
}

}  // namespace signalbox::s3
