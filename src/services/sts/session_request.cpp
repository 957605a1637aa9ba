#include "services/sts/session_request.h"

#include <algorithm>

#include "cloud/tags.h"
#include "policy/validate.h"

namespace signalbox::sts {
namespace {

/// Of session policies and tags together, as they are kept in tokens.
constexpr std::size_t kMaxPacked = 4096;
constexpr std::size_t kMaxPolicyArns = 10;
constexpr int kPercent = 100;

std::size_t packed_bytes(const cloud::Session& session) {
  std::size_t bytes = session.policy.size();
  for (const std::string& arn : session.policy_arns) bytes += arn.size();
  for (const auto& [key, value] : session.tags) bytes += key.size() + value.size();
  return bytes;
}

/// Keys that differ in case only are one ("Rules for tagging in IAM and AWS STS" in the IAM User Guide).
bool same_key(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

Result<void> check_size(const cloud::Session& session) {
  if (packed_bytes(session) <= kMaxPacked) return {};
  return fail(m::errors::kPackedPolicyTooLargeException, "Packed policy consumes " +
                                                             std::to_string(packed_size(session)) +
                                                             "% of allotted space, please use smaller policy.");
}

}  // namespace

std::int32_t packed_size(const cloud::Session& session) {
  const std::size_t bytes = packed_bytes(session);
  return static_cast<std::int32_t>((bytes * kPercent + kMaxPacked - 1) / kMaxPacked);
}

Result<void> set_policies(const cloud::House& house, cloud::Session& session, const std::optional<std::string>& policy,
                          const std::optional<std::vector<m::PolicyDescriptorType>>& arns) {
  if (policy) {
    auto document = policy::validate(*policy, policy::DocumentKind::kInline);
    if (!document) {
      return fail(m::errors::kMalformedPolicyDocumentException, std::move(document).error().message);
    }
    session.policy = *policy;
    session.compiled_policy = std::make_shared<const policy::Document>(*std::move(document));
  }
  for (const m::PolicyDescriptorType& one : arns.value_or(std::vector<m::PolicyDescriptorType>{})) {
    if (!one.arn || !house.callers.find_policy(session.issuer_account, *one.arn)) {
      return invalid("The policy " + one.arn.value_or("") + " was not found.");
    }
    session.policy_arns.push_back(*one.arn);
  }
  if (session.policy_arns.size() > kMaxPolicyArns) return invalid("At most 10 policy ARNs may be passed.");
  return check_size(session);
}

Result<void> set_tags(cloud::Session& session, const cloud::Session* caller,
                      const std::optional<std::vector<m::Tag>>& tags,
                      const std::optional<std::vector<std::string>>& transitive) {
  const auto names = [](const std::vector<std::string>& keys, std::string_view key) {
    return std::ranges::any_of(keys, [&](const std::string& one) { return same_key(one, key); });
  };
  if (caller != nullptr) {
    session.transitive_tag_keys = caller->transitive_tag_keys;
    for (const auto& tag : caller->tags) {
      if (names(caller->transitive_tag_keys, tag.first)) session.tags.push_back(tag);
    }
  }
  std::vector<std::string> requested;
  for (const m::Tag& tag : tags.value_or(std::vector<m::Tag>{})) {
    if (names(session.transitive_tag_keys, *tag.key)) {
      return fail("InvalidParameterValue",
                  "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag "
                  "key from the calling session.");
    }
    if (names(requested, *tag.key)) {
      return fail("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    }
    if (cloud::is_reserved_tag(*tag.key)) return invalid(cloud::kReservedTagText);
    requested.push_back(*tag.key);
    session.tags.emplace_back(*tag.key, tag.value.value_or(""));
  }
  for (const std::string& key : transitive.value_or(std::vector<std::string>{})) {
    if (!names(requested, key)) {
      return fail("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.");
    }
    if (!names(session.transitive_tag_keys, key)) session.transitive_tag_keys.push_back(key);
  }
  if (session.tags.size() > cloud::kMaxTags) return invalid("At most 50 session tags may be passed.");
  return check_size(session);
}

Result<void> refuse_mfa(bool asked) {
  if (!asked) return {};
  return invalid("SerialNumber and TokenCode are not supported: this server has no MFA devices.");
}

m::Credentials shown(const cloud::TemporaryCredentials& credentials) {
  return {credentials.access_key, credentials.secret, credentials.token, credentials.expires};
}

}  // namespace signalbox::sts
