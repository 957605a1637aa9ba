// Names, ids and quotas of IAM, what it says when something is amiss, and how it shows its entities.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/iam/core.h"

namespace signalbox::iam {

/// "IAM and AWS STS quotas" in the IAM User Guide; the default ones.
inline constexpr std::size_t kMaxUsers = 5000;
inline constexpr std::size_t kMaxGroups = 300;
inline constexpr std::size_t kMaxRoles = 1000;
inline constexpr std::size_t kMaxPolicies = 1500;
inline constexpr std::size_t kMaxProfiles = 1000;
inline constexpr std::size_t kMaxGroupsOfUser = 10;
inline constexpr std::size_t kMaxKeysOfUser = 2;
inline constexpr std::size_t kMaxAttached = 10;
inline constexpr std::size_t kMaxVersions = 5;
inline constexpr std::size_t kMaxUserPolicyBytes = 2048;
inline constexpr std::size_t kMaxGroupPolicyBytes = 5120;
inline constexpr std::size_t kMaxRolePolicyBytes = 10240;
inline constexpr std::size_t kMaxManagedPolicyBytes = 6144;
inline constexpr std::size_t kMaxTrustPolicyBytes = 2048;

/// "The user with name bob cannot be found."
std::unexpected<Error> no_such(std::string_view kind, std::string_view name);
/// "User with name bob already exists."
std::unexpected<Error> exists_already(std::string_view kind, std::string_view name);
/// "Cannot exceed quota for UsersPerAccount: 5000"
std::unexpected<Error> over_quota(std::string_view quota, std::size_t limit);
std::unexpected<Error> conflict(std::string message);
std::unexpected<Error> invalid(std::string message);
std::unexpected<Error> no_entity(std::string message);

/// A user, group or role by name. Errors: NoSuchEntity.
template <class T>
Result<std::shared_ptr<const T>> need(const Account& account, std::string_view name) {
  auto found = account.find<T>(name);
  if (!found) return no_such(T::kKind, name);
  return found;
}
template <>
Result<std::shared_ptr<const InstanceProfile>> need(const Account& account, std::string_view name);

/// The user that a request is about: the one it names, else the caller. Errors: NoSuchEntity, ValidationError.
Result<std::shared_ptr<const User>> user_or_caller(const View& view, const std::optional<std::string>& name);
/// A policy of the account or of AWS. Errors: NoSuchEntity, InvalidInput.
Result<std::shared_ptr<const ManagedPolicy>> need_policy(const Account& account, const std::string& arn);

/// A unique id: "AIDA" and 17 letters.
std::string new_id(std::string_view prefix, Random& random);
/// A new entity's name, path, id and tags. Errors: ValidationError.
Result<void> begin(Change& change, Entity& entity, std::string_view prefix, const std::string& name,
                   const std::optional<std::string>& path);
/// Adds tags in place of those of the same keys. Errors: LimitExceeded, InvalidInput.
Result<void> add_tags(Tags& tags, const std::vector<m::Tag>& more);
/// The ARN of a permissions boundary that is there. Errors: NoSuchEntity.
Result<void> set_boundary(const Account& account, Identity& identity, const std::string& arn);
/// A policy that a caller brings. Errors: MalformedPolicyDocument, LimitExceeded with `over`.
Result<PolicyText> read_policy(std::string text, policy::DocumentKind kind, std::size_t most, std::string over);
/// Bytes that count for quotas: all but white space.
std::size_t counted_bytes(std::string_view policy);

// As answers show them. Policies are percent-encoded (RFC 3986).
m::User shown(const Account& account, const User& user, bool tags);
m::Group shown(const Account& account, const Group& group);
m::Role shown(const View& view, const Role& role, bool details);
m::InstanceProfile shown(const View& view, const InstanceProfile& profile, bool tags);
m::Policy shown(const View& view, const ManagedPolicy& policy, bool details);
m::AttachedPolicy attached(const std::string& arn);
std::vector<m::Tag> shown(const Tags& tags);
std::optional<m::AttachedPermissionsBoundary> shown_boundary(const Identity& identity);
std::string arn_of(const View& view, const ManagedPolicy& policy);
std::string encoded(const std::string& policy);

/// How many identities a managed policy is attached to, or is the boundary of.
std::int32_t attachments(const Account& account, const std::string& arn);
std::int32_t boundaries(const Account& account, const std::string& arn);

/// One page of `all`, by name: sets IsTruncated and Marker of the answer. Errors: ValidationError for a broken marker.
template <class Item, class Request, class Answer>
Result<std::vector<Item>> page_of(std::string_view listing, std::vector<std::pair<std::string, Item>> all,
                                  const Request& request, Answer& answer);
Result<std::string> read_marker(std::string_view listing, const std::optional<std::string>& marker);
std::string make_marker(std::string_view listing, std::string_view last);

template <class Item, class Request, class Answer>
Result<std::vector<Item>> page_of(std::string_view listing, std::vector<std::pair<std::string, Item>> all,
                                  const Request& request, Answer& answer) {
  constexpr std::int32_t kDefaultItems = 100;
  const auto after = read_marker(listing, request.marker);
  if (!after) return std::unexpected(after.error());
  const auto most = static_cast<std::size_t>(request.max_items.value_or(kDefaultItems));
  std::ranges::stable_sort(all, {}, [](const auto& one) -> const std::string& { return one.first; });
  std::vector<Item> page;
  answer.is_truncated = false;
  const std::string* last = nullptr;
  for (auto& [name, item] : all) {
    if (request.marker && name <= *after) continue;
    if (page.size() == most) {
      answer.is_truncated = true;
      answer.marker = make_marker(listing, *last);
      break;
    }
    page.push_back(std::move(item));
    last = &name;
  }
  return page;
}

}  // namespace signalbox::iam
