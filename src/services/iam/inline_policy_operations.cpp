// Put, Get, Delete and List of the policies that stand in a user, a group or a role.

#include "services/iam/names.h"

namespace signalbox::iam {
namespace {

/// What the three kinds differ in.
template <class T>
struct Inline;
template <>
struct Inline<User> {
  static constexpr std::size_t kMost = kMaxUserPolicyBytes;
  template <class Request>
  static const std::string& name(const Request& request) {
    return *request.user_name;
  }
};
template <>
struct Inline<Group> {
  static constexpr std::size_t kMost = kMaxGroupPolicyBytes;
  template <class Request>
  static const std::string& name(const Request& request) {
    return *request.group_name;
  }
};
template <>
struct Inline<Role> {
  static constexpr std::size_t kMost = kMaxRolePolicyBytes;
  template <class Request>
  static const std::string& name(const Request& request) {
    return *request.role_name;
  }
};

template <class T, class Request, class Answer>
Result<Answer> put(Change& change, const Request& request) {
  const auto entity = need<T>(change.account(), Inline<T>::name(request));
  if (!entity) return std::unexpected(entity.error());
  T changed = **entity;
  std::size_t others = 0;
  for (const auto& [name, policy] : changed.inline_policies) {
    if (name != *request.policy_name) others += counted_bytes(policy.text);
  }
  const std::size_t most = Inline<T>::kMost;
  auto policy = read_policy(*request.policy_document, policy::DocumentKind::kInline, most - std::min(most, others),
                            "Maximum policy size of " + std::to_string(most) + " bytes exceeded for " +
                                std::string(T::kKind) + " " + changed.name);
  if (!policy) return std::unexpected(std::move(policy).error());
  changed.inline_policies[*request.policy_name] = *std::move(policy);
  change.put(std::move(changed));
  return Answer{};
}

template <class T, class Request, class Answer>
Result<Answer> get(const View& view, const Request& request) {
  const auto entity = need<T>(view.account(), Inline<T>::name(request));
  if (!entity) return std::unexpected(entity.error());
  const auto found = (*entity)->inline_policies.find(*request.policy_name);
  if (found == (*entity)->inline_policies.end())
    return no_such(std::string(T::kKind) + " policy", *request.policy_name);
  return Answer{(*entity)->name, found->first, encoded(found->second.text)};
}

template <class T, class Request, class Answer>
Result<Answer> erase(Change& change, const Request& request) {
  const auto entity = need<T>(change.account(), Inline<T>::name(request));
  if (!entity) return std::unexpected(entity.error());
  T changed = **entity;
  if (changed.inline_policies.erase(*request.policy_name) == 0) {
    return no_such(std::string(T::kKind) + " policy", *request.policy_name);
  }
  change.put(std::move(changed));
  return Answer{};
}

template <class T, class Request, class Answer>
Result<Answer> list(const View& view, const Request& request) {
  const auto entity = need<T>(view.account(), Inline<T>::name(request));
  if (!entity) return std::unexpected(entity.error());
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [name, policy] : (*entity)->inline_policies) all.emplace_back(name, name);
  Answer answer;
  auto page = page_of<std::string>("iam.inline", std::move(all), request, answer);
  if (!page) return std::unexpected(page.error());
  answer.policy_names = *std::move(page);
  return answer;
}

}  // namespace

void register_inline_policy_operations(Core& core) {
  changes(core, m::kPutUserPolicy, put<User, m::PutUserPolicyRequest, m::PutUserPolicyResponse>);
  changes(core, m::kPutGroupPolicy, put<Group, m::PutGroupPolicyRequest, m::PutGroupPolicyResponse>);
  changes(core, m::kPutRolePolicy, put<Role, m::PutRolePolicyRequest, m::PutRolePolicyResponse>);
  reads(core, m::kGetUserPolicy, get<User, m::GetUserPolicyRequest, m::GetUserPolicyResponse>);
  reads(core, m::kGetGroupPolicy, get<Group, m::GetGroupPolicyRequest, m::GetGroupPolicyResponse>);
  reads(core, m::kGetRolePolicy, get<Role, m::GetRolePolicyRequest, m::GetRolePolicyResponse>);
  changes(core, m::kDeleteUserPolicy, erase<User, m::DeleteUserPolicyRequest, m::DeleteUserPolicyResponse>);
  changes(core, m::kDeleteGroupPolicy, erase<Group, m::DeleteGroupPolicyRequest, m::DeleteGroupPolicyResponse>);
  changes(core, m::kDeleteRolePolicy, erase<Role, m::DeleteRolePolicyRequest, m::DeleteRolePolicyResponse>);
  reads(core, m::kListUserPolicies, list<User, m::ListUserPoliciesRequest, m::ListUserPoliciesResponse>);
  reads(core, m::kListGroupPolicies, list<Group, m::ListGroupPoliciesRequest, m::ListGroupPoliciesResponse>);
  reads(core, m::kListRolePolicies, list<Role, m::ListRolePoliciesRequest, m::ListRolePoliciesResponse>);
}

}  // namespace signalbox::iam
