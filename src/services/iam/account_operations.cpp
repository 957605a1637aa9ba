// The account as a whole: alias, summary, authorization details.

#include "services/iam/aws_policies.h"
#include "services/iam/names.h"

namespace signalbox::iam {
namespace {

Result<m::CreateAccountAliasResponse> create_alias(Change& change, const m::CreateAccountAliasRequest& request) {
  if (const auto owner = change.core().directory.owner_of_alias(*request.account_alias)) {
    if (*owner == change.account().id) return m::CreateAccountAliasResponse{};
    return fail(m::errors::kEntityAlreadyExistsException,
                "The account alias " + *request.account_alias + " already exists.");
  }
  change.set_alias(*request.account_alias);
  return m::CreateAccountAliasResponse{};
}

Result<m::DeleteAccountAliasResponse> delete_alias(Change& change, const m::DeleteAccountAliasRequest& request) {
  if (change.account().alias != *request.account_alias) {
    return no_entity("The account alias with name " + *request.account_alias + " cannot be found.");
  }
  change.set_alias("");
  return m::DeleteAccountAliasResponse{};
}

Result<m::ListAccountAliasesResponse> list_aliases(const View& view, const m::ListAccountAliasesRequest&) {
  m::ListAccountAliasesResponse answer;
  answer.account_aliases.emplace();
  if (!view.account().alias.empty()) answer.account_aliases->push_back(view.account().alias);
  answer.is_truncated = false;
  return answer;
}

/// Counts and quotas of what works here.
Result<m::GetAccountSummaryResponse> get_summary(const View& view, const m::GetAccountSummaryRequest&) {
  const Account& account = view.account();
  m::GetAccountSummaryResponse answer;
  auto& map = answer.summary_map.emplace();
  const auto set = [&map](std::string name, std::size_t value) {
    map[std::move(name)] = static_cast<std::int32_t>(value);
  };
  std::size_t versions = 0;
  for (const auto& [name, policy] : account.policies) versions += policy->versions.size();
  set("Users", account.users.size());
  set("Groups", account.groups.size());
  set("Roles", account.roles.size());
  set("Policies", account.policies.size());
  set("InstanceProfiles", account.profiles.size());
  set("PolicyVersionsInUse", versions);
  set("UsersQuota", kMaxUsers);
  set("GroupsQuota", kMaxGroups);
  set("RolesQuota", kMaxRoles);
  set("PoliciesQuota", kMaxPolicies);
  set("InstanceProfilesQuota", kMaxProfiles);
  set("GroupsPerUserQuota", kMaxGroupsOfUser);
  set("AccessKeysPerUserQuota", kMaxKeysOfUser);
  set("AttachedPoliciesPerUserQuota", kMaxAttached);
  set("AttachedPoliciesPerGroupQuota", kMaxAttached);
  set("AttachedPoliciesPerRoleQuota", kMaxAttached);
  set("VersionsPerPolicyQuota", kMaxVersions);
  set("UserPolicySizeQuota", kMaxUserPolicyBytes);
  set("GroupPolicySizeQuota", kMaxGroupPolicyBytes);
  set("RolePolicySizeQuota", kMaxRolePolicyBytes);
  set("PolicySizeQuota", kMaxManagedPolicyBytes);
  set("AssumeRolePolicySizeQuota", kMaxTrustPolicyBytes);
  return answer;
}

std::vector<m::PolicyDetail> inline_of(const Identity& identity) {
  std::vector<m::PolicyDetail> all;
  for (const auto& [name, policy] : identity.inline_policies) all.push_back({name, encoded(policy.text)});
  return all;
}

std::vector<m::AttachedPolicy> attached_of(const Identity& identity) {
  std::vector<m::AttachedPolicy> all;
  for (const std::string& arn : identity.attached) all.push_back(attached(arn));
  return all;
}

m::UserDetail detail_of(const View& view, const User& user) {
  m::UserDetail out;
  out.path = user.path;
  out.user_name = user.name;
  out.user_id = user.id;
  out.arn = arn_of(view.account(), user);
  out.create_date = user.created;
  if (!user.inline_policies.empty()) out.user_policy_list = inline_of(user);
  out.group_list = user.groups;
  out.attached_managed_policies = attached_of(user);
  out.permissions_boundary = shown_boundary(user);
  out.tags = shown(user.tags);
  return out;
}

m::GroupDetail detail_of(const View& view, const Group& group) {
  m::GroupDetail out;
  out.path = group.path;
  out.group_name = group.name;
  out.group_id = group.id;
  out.arn = arn_of(view.account(), group);
  out.create_date = group.created;
  out.group_policy_list = inline_of(group);
  out.attached_managed_policies = attached_of(group);
  return out;
}

m::RoleDetail detail_of(const View& view, const Role& role) {
  const m::Role whole = shown(view, role, true);
  m::RoleDetail out;
  out.path = role.path;
  out.role_name = role.name;
  out.role_id = role.id;
  out.arn = whole.arn;
  out.create_date = role.created;
  out.assume_role_policy_document = whole.assume_role_policy_document;
  out.instance_profile_list.emplace();
  for (const auto& [name, profile] : view.account().profiles) {
    if (profile->role == role.name) out.instance_profile_list->push_back(shown(view, *profile, false));
  }
  out.role_policy_list = inline_of(role);
  out.attached_managed_policies = attached_of(role);
  out.permissions_boundary = whole.permissions_boundary;
  out.tags = shown(role.tags);
  out.role_last_used = whole.role_last_used;
  return out;
}

m::ManagedPolicyDetail detail_of(const View& view, const ManagedPolicy& policy) {
  const m::Policy whole = shown(view, policy, true);
  m::ManagedPolicyDetail out;
  out.policy_name = policy.name;
  out.policy_id = policy.id;
  out.arn = whole.arn;
  out.path = policy.path;
  out.default_version_id = whole.default_version_id;
  out.attachment_count = whole.attachment_count;
  out.permissions_boundary_usage_count = whole.permissions_boundary_usage_count;
  out.is_attachable = true;
  out.create_date = policy.created;
  out.update_date = policy.updated;
  out.policy_version_list.emplace();
  for (const auto& [number, version] : policy.versions) {
    m::PolicyVersion one;
    one.document = encoded(version.policy.text);
    one.version_id = "v" + std::to_string(number);
    one.is_default_version = number == policy.default_version;
    one.create_date = version.created;
    out.policy_version_list->push_back(std::move(one));
  }
  return out;
}

/// One entity of any kind; the kind is part of its place in the listing.
struct Detail {
  std::optional<m::UserDetail> user = {};
  std::optional<m::GroupDetail> group = {};
  std::optional<m::RoleDetail> role = {};
  std::optional<m::ManagedPolicyDetail> policy = {};
};

Result<m::GetAccountAuthorizationDetailsResponse> get_details(const View& view,
                                                              const m::GetAccountAuthorizationDetailsRequest& r) {
  const auto wanted = [&](std::string_view kind) {
    return !r.filter || r.filter->empty() || std::ranges::find(*r.filter, kind) != r.filter->end();
  };
  const Account& account = view.account();
  std::vector<std::pair<std::string, Detail>> all;
  if (wanted("User")) {
    for (const auto& [name, user] : account.users) all.emplace_back("a" + name, Detail{.user = detail_of(view, *user)});
  }
  if (wanted("Group")) {
    for (const auto& [name, group] : account.groups) {
      all.emplace_back("b" + name, Detail{.group = detail_of(view, *group)});
    }
  }
  if (wanted("Role")) {
    for (const auto& [name, role] : account.roles) all.emplace_back("c" + name, Detail{.role = detail_of(view, *role)});
  }
  if (wanted("LocalManagedPolicy")) {
    for (const auto& [name, policy] : account.policies) {
      all.emplace_back("d" + name, Detail{.policy = detail_of(view, *policy)});
    }
  }
  if (wanted("AWSManagedPolicy")) {
    for (const auto& [name, policy] : aws_policies()) {
      const std::string arn = aws_policy_arn(*policy);
      if (attachments(account, arn) + boundaries(account, arn) == 0) continue;
      all.emplace_back("e" + name, Detail{.policy = detail_of(view, *policy)});
    }
  }
  m::GetAccountAuthorizationDetailsResponse answer;
  auto page = page_of<Detail>("iam.details", std::move(all), r, answer);
  if (!page) return std::unexpected(page.error());
  answer.user_detail_list.emplace();
  answer.group_detail_list.emplace();
  answer.role_detail_list.emplace();
  answer.policies.emplace();
  for (Detail& one : *page) {
    if (one.user) answer.user_detail_list->push_back(*std::move(one.user));
    if (one.group) answer.group_detail_list->push_back(*std::move(one.group));
    if (one.role) answer.role_detail_list->push_back(*std::move(one.role));
    if (one.policy) answer.policies->push_back(*std::move(one.policy));
  }
  return answer;
}

}  // namespace

void register_account_operations(Core& core) {
  changes(core, m::kCreateAccountAlias, create_alias);
  changes(core, m::kDeleteAccountAlias, delete_alias);
  reads(core, m::kListAccountAliases, list_aliases);
  reads(core, m::kGetAccountSummary, get_summary);
  reads(core, m::kGetAccountAuthorizationDetails, get_details);
}

}  // namespace signalbox::iam
