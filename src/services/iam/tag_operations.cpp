// Tags of users, roles, policies and instance profiles.

#include "services/iam/names.h"

namespace signalbox::iam {
namespace {

template <class T, class Request>
Result<std::shared_ptr<const T>> entity_of(const Account& account, const Request& request) {
  if constexpr (std::is_same_v<T, User>) return need<User>(account, *request.user_name);
  if constexpr (std::is_same_v<T, Role>) return need<Role>(account, *request.role_name);
  if constexpr (std::is_same_v<T, InstanceProfile>) {
    return need<InstanceProfile>(account, *request.instance_profile_name);
  }
  if constexpr (std::is_same_v<T, ManagedPolicy>) {
    auto policy = need_policy(account, *request.policy_arn);
    if (policy && !account.policies.contains((*policy)->name)) {
      return fail(m::errors::kInvalidInputException, "AWS managed policies have no tags.");
    }
    return policy;
  }
}

template <class T, class Request, class Answer>
Result<Answer> tag(Change& change, const Request& request) {
  const auto entity = entity_of<T>(change.account(), request);
  if (!entity) return std::unexpected(entity.error());
  T changed = **entity;
  Result<void> added = add_tags(changed.tags, *request.tags);
  if (!added) return std::unexpected(std::move(added).error());
  change.put(std::move(changed));
  return Answer{};
}

template <class T, class Request, class Answer>
Result<Answer> untag(Change& change, const Request& request) {
  const auto entity = entity_of<T>(change.account(), request);
  if (!entity) return std::unexpected(entity.error());
  T changed = **entity;
  for (const std::string& key : *request.tag_keys) {
    std::erase_if(changed.tags, [&](const auto& one) { return one.first == key; });
  }
  change.put(std::move(changed));
  return Answer{};
}

template <class T, class Request, class Answer>
Result<Answer> list(const View& view, const Request& request) {
  const auto entity = entity_of<T>(view.account(), request);
  if (!entity) return std::unexpected(entity.error());
  std::vector<std::pair<std::string, m::Tag>> all;
  for (const auto& [key, value] : (*entity)->tags) all.emplace_back(key, m::Tag{key, value});
  Answer answer;
  auto page = page_of<m::Tag>("iam.tags", std::move(all), request, answer);
  if (!page) return std::unexpected(page.error());
  answer.tags = *std::move(page);
  return answer;
}

}  // namespace

void register_tag_operations(Core& core) {
  changes(core, m::kTagUser, tag<User, m::TagUserRequest, m::TagUserResponse>);
  changes(core, m::kTagRole, tag<Role, m::TagRoleRequest, m::TagRoleResponse>);
  changes(core, m::kTagPolicy, tag<ManagedPolicy, m::TagPolicyRequest, m::TagPolicyResponse>);
  changes(core, m::kTagInstanceProfile,
          tag<InstanceProfile, m::TagInstanceProfileRequest, m::TagInstanceProfileResponse>);
  changes(core, m::kUntagUser, untag<User, m::UntagUserRequest, m::UntagUserResponse>);
  changes(core, m::kUntagRole, untag<Role, m::UntagRoleRequest, m::UntagRoleResponse>);
  changes(core, m::kUntagPolicy, untag<ManagedPolicy, m::UntagPolicyRequest, m::UntagPolicyResponse>);
  changes(core, m::kUntagInstanceProfile,
          untag<InstanceProfile, m::UntagInstanceProfileRequest, m::UntagInstanceProfileResponse>);
  reads(core, m::kListUserTags, list<User, m::ListUserTagsRequest, m::ListUserTagsResponse>);
  reads(core, m::kListRoleTags, list<Role, m::ListRoleTagsRequest, m::ListRoleTagsResponse>);
  reads(core, m::kListPolicyTags, list<ManagedPolicy, m::ListPolicyTagsRequest, m::ListPolicyTagsResponse>);
  reads(core, m::kListInstanceProfileTags,
        list<InstanceProfile, m::ListInstanceProfileTagsRequest, m::ListInstanceProfileTagsResponse>);
}

}  // namespace signalbox::iam
