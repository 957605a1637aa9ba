// Managed policies on users, groups and roles.

#include "services/iam/names.h"

namespace signalbox::iam {
namespace {

std::unexpected<Error> not_attachable(const std::string& arn) {
  return no_entity("Policy " + arn + " does not exist or is not attachable.");
}

template <class T>
constexpr const char* kQuota = nullptr;
template <>
constexpr const char* kQuota<User> = "PoliciesPerUser";
template <>
constexpr const char* kQuota<Group> = "PoliciesPerGroup";
template <>
constexpr const char* kQuota<Role> = "PoliciesPerRole";

template <class T>
Result<void> attach(Change& change, const std::string& name, const std::string& arn) {
  const auto entity = need<T>(change.account(), name);
  if (!entity) return std::unexpected(entity.error());
  const auto policy = need_policy(change.account(), arn);
  if (!policy)
    return policy.error().code == m::errors::kNoSuchEntityException ? not_attachable(arn)
                                                                    : std::unexpected(policy.error());
  if ((*entity)->has_attached(arn)) return {};
  if ((*entity)->attached.size() >= kMaxAttached) return over_quota(kQuota<T>, kMaxAttached);
  T changed = **entity;
  changed.attached.push_back(arn);
  change.put(std::move(changed));
  return {};
}

template <class T>
Result<void> detach(Change& change, const std::string& name, const std::string& arn) {
  const auto entity = need<T>(change.account(), name);
  if (!entity) return std::unexpected(entity.error());
  T changed = **entity;
  if (std::erase(changed.attached, arn) == 0) return no_entity("Policy " + arn + " was not found.");
  change.put(std::move(changed));
  return {};
}

template <class T, class Request, class Answer>
Result<Answer> list(const View& view, const std::string& name, const Request& request) {
  const auto entity = need<T>(view.account(), name);
  if (!entity) return std::unexpected(entity.error());
  std::vector<std::pair<std::string, m::AttachedPolicy>> all;
  for (const std::string& arn : (*entity)->attached) {
    const auto policy = find_managed(view.account(), arn);
    if (policy && policy->path.starts_with(request.path_prefix.value_or("/"))) all.emplace_back(arn, attached(arn));
  }
  Answer answer;
  auto page = page_of<m::AttachedPolicy>("iam.attached", std::move(all), request, answer);
  if (!page) return std::unexpected(page.error());
  answer.attached_policies = *std::move(page);
  return answer;
}

template <class Answer>
Result<Answer> answer_to(Result<void> done) {
  if (!done) return std::unexpected(std::move(done).error());
  return Answer{};
}

Result<m::AttachUserPolicyResponse> attach_user(Change& change, const m::AttachUserPolicyRequest& r) {
  return answer_to<m::AttachUserPolicyResponse>(attach<User>(change, *r.user_name, *r.policy_arn));
}
Result<m::AttachGroupPolicyResponse> attach_group(Change& change, const m::AttachGroupPolicyRequest& r) {
  return answer_to<m::AttachGroupPolicyResponse>(attach<Group>(change, *r.group_name, *r.policy_arn));
}
Result<m::AttachRolePolicyResponse> attach_role(Change& change, const m::AttachRolePolicyRequest& r) {
  return answer_to<m::AttachRolePolicyResponse>(attach<Role>(change, *r.role_name, *r.policy_arn));
}
Result<m::DetachUserPolicyResponse> detach_user(Change& change, const m::DetachUserPolicyRequest& r) {
  return answer_to<m::DetachUserPolicyResponse>(detach<User>(change, *r.user_name, *r.policy_arn));
}
Result<m::DetachGroupPolicyResponse> detach_group(Change& change, const m::DetachGroupPolicyRequest& r) {
  return answer_to<m::DetachGroupPolicyResponse>(detach<Group>(change, *r.group_name, *r.policy_arn));
}
Result<m::DetachRolePolicyResponse> detach_role(Change& change, const m::DetachRolePolicyRequest& r) {
  return answer_to<m::DetachRolePolicyResponse>(detach<Role>(change, *r.role_name, *r.policy_arn));
}
Result<m::ListAttachedUserPoliciesResponse> list_user(const View& view, const m::ListAttachedUserPoliciesRequest& r) {
  return list<User, m::ListAttachedUserPoliciesRequest, m::ListAttachedUserPoliciesResponse>(view, *r.user_name, r);
}
Result<m::ListAttachedGroupPoliciesResponse> list_group(const View& view,
                                                        const m::ListAttachedGroupPoliciesRequest& r) {
  return list<Group, m::ListAttachedGroupPoliciesRequest, m::ListAttachedGroupPoliciesResponse>(view, *r.group_name, r);
}
Result<m::ListAttachedRolePoliciesResponse> list_role(const View& view, const m::ListAttachedRolePoliciesRequest& r) {
  return list<Role, m::ListAttachedRolePoliciesRequest, m::ListAttachedRolePoliciesResponse>(view, *r.role_name, r);
}

/// An entity of any kind that has the policy; its kind is part of the place in the listing.
struct Holder {
  std::optional<m::PolicyUser> user = {};
  std::optional<m::PolicyGroup> group = {};
  std::optional<m::PolicyRole> role = {};
};

Result<m::ListEntitiesForPolicyResponse> list_entities(const View& view, const m::ListEntitiesForPolicyRequest& r) {
  const auto policy = need_policy(view.account(), *r.policy_arn);
  if (!policy) return std::unexpected(policy.error());
  const bool as_boundary = r.policy_usage_filter == "PermissionsBoundary";
  const auto holds = [&](const Identity& identity) {
    if (!identity.path.starts_with(r.path_prefix.value_or("/"))) return false;
    return as_boundary ? identity.boundary == *r.policy_arn : identity.has_attached(*r.policy_arn);
  };
  const auto wanted = [&](std::string_view kind) { return !r.entity_filter || *r.entity_filter == kind; };
  std::vector<std::pair<std::string, Holder>> all;
  for (const auto& [name, group] : view.account().groups) {
    if (wanted("Group") && holds(*group))
      all.emplace_back("g" + name, Holder{.group = m::PolicyGroup{name, group->id}});
  }
  for (const auto& [name, role] : view.account().roles) {
    if (wanted("Role") && holds(*role)) all.emplace_back("r" + name, Holder{.role = m::PolicyRole{name, role->id}});
  }
  for (const auto& [name, user] : view.account().users) {
    if (wanted("User") && holds(*user)) all.emplace_back("u" + name, Holder{.user = m::PolicyUser{name, user->id}});
  }
  m::ListEntitiesForPolicyResponse answer;
  auto page = page_of<Holder>("iam.entities", std::move(all), r, answer);
  if (!page) return std::unexpected(page.error());
  answer.policy_groups.emplace();
  answer.policy_users.emplace();
  answer.policy_roles.emplace();
  for (Holder& holder : *page) {
    if (holder.group) answer.policy_groups->push_back(*holder.group);
    if (holder.user) answer.policy_users->push_back(*holder.user);
    if (holder.role) answer.policy_roles->push_back(*holder.role);
  }
  return answer;
}

}  // namespace

void register_attachment_operations(Core& core) {
  changes(core, m::kAttachUserPolicy, attach_user);
  changes(core, m::kAttachGroupPolicy, attach_group);
  changes(core, m::kAttachRolePolicy, attach_role);
  changes(core, m::kDetachUserPolicy, detach_user);
  changes(core, m::kDetachGroupPolicy, detach_group);
  changes(core, m::kDetachRolePolicy, detach_role);
  reads(core, m::kListAttachedUserPolicies, list_user);
  reads(core, m::kListAttachedGroupPolicies, list_group);
  reads(core, m::kListAttachedRolePolicies, list_role);
  reads(core, m::kListEntitiesForPolicy, list_entities);
}

}  // namespace signalbox::iam
