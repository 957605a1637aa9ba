#include "services/iam/names.h"

namespace signalbox::iam {
namespace {

std::vector<std::shared_ptr<const User>> members_of(const Account& account, std::string_view group) {
  std::vector<std::shared_ptr<const User>> members;
  for (const auto& [name, user] : account.users) {
    if (std::ranges::find(user->groups, group) != user->groups.end()) members.push_back(user);
  }
  return members;
}

Result<m::CreateGroupResponse> create_group(Change& change, const m::CreateGroupRequest& request) {
  const Account& account = change.account();
  if (account.groups.contains(*request.group_name)) return exists_already(Group::kKind, *request.group_name);
  if (account.groups.size() >= kMaxGroups) return over_quota("GroupsPerAccount", kMaxGroups);
  Group group;
  Result<void> done = begin(change, group, "AGPA", *request.group_name, request.path);
  if (!done) return std::unexpected(std::move(done).error());
  m::CreateGroupResponse answer{shown(account, group)};
  change.put(std::move(group));
  return answer;
}

Result<m::GetGroupResponse> get_group(const View& view, const m::GetGroupRequest& request) {
  const auto group = need<Group>(view.account(), *request.group_name);
  if (!group) return std::unexpected(group.error());
  std::vector<std::pair<std::string, m::User>> all;
  for (const auto& user : members_of(view.account(), (*group)->name)) {
    all.emplace_back(user->name, shown(view.account(), *user, false));
  }
  m::GetGroupResponse answer;
  auto page = page_of<m::User>("iam.group." + (*group)->name, std::move(all), request, answer);
  if (!page) return std::unexpected(page.error());
  answer.group = shown(view.account(), **group);
  answer.users = *std::move(page);
  return answer;
}

Result<m::ListGroupsResponse> list_groups(const View& view, const m::ListGroupsRequest& request) {
  std::vector<std::pair<std::string, m::Group>> all;
  for (const auto& [name, group] : view.account().groups) {
    if (group->path.starts_with(request.path_prefix.value_or("/"))) {
      all.emplace_back(name, shown(view.account(), *group));
    }
  }
  m::ListGroupsResponse answer;
  auto page = page_of<m::Group>("iam.groups", std::move(all), request, answer);
  if (!page) return std::unexpected(page.error());
  answer.groups = *std::move(page);
  return answer;
}

Result<m::ListGroupsForUserResponse> list_groups_of(const View& view, const m::ListGroupsForUserRequest& request) {
  const auto user = need<User>(view.account(), *request.user_name);
  if (!user) return std::unexpected(user.error());
  std::vector<std::pair<std::string, m::Group>> all;
  for (const std::string& name : (*user)->groups) {
    if (const auto group = view.account().find<Group>(name)) all.emplace_back(name, shown(view.account(), *group));
  }
  m::ListGroupsForUserResponse answer;
  auto page = page_of<m::Group>("iam.groups-of-user", std::move(all), request, answer);
  if (!page) return std::unexpected(page.error());
  answer.groups = *std::move(page);
  return answer;
}

Result<m::UpdateGroupResponse> update_group(Change& change, const m::UpdateGroupRequest& request) {
  const Account& account = change.account();
  const auto group = need<Group>(account, *request.group_name);
  if (!group) return std::unexpected(group.error());
  Group changed = **group;
  if (request.new_path) changed.path = *request.new_path;
  if (request.new_group_name && *request.new_group_name != changed.name) {
    const auto other = account.groups.find(*request.new_group_name);
    if (other != account.groups.end() && other->second != *group) {
      return exists_already(Group::kKind, *request.new_group_name);
    }
    for (const auto& user : members_of(account, changed.name)) {
      User member = *user;
      std::ranges::replace(member.groups, changed.name, *request.new_group_name);
      change.put(std::move(member));
    }
    changed.name = *request.new_group_name;
    change.erase(*group);
  }
  change.put(std::move(changed));
  return m::UpdateGroupResponse{};
}

Result<m::DeleteGroupResponse> delete_group(Change& change, const m::DeleteGroupRequest& request) {
  const auto group = need<Group>(change.account(), *request.group_name);
  if (!group) return std::unexpected(group.error());
  if (!members_of(change.account(), (*group)->name).empty()) {
    return conflict("Cannot delete entity, must remove users from group first.");
  }
  if (!(*group)->attached.empty()) return conflict("Cannot delete entity, must detach all policies first.");
  if (!(*group)->inline_policies.empty()) return conflict("Cannot delete entity, must delete policies first.");
  change.erase(*group);
  return m::DeleteGroupResponse{};
}

Result<m::AddUserToGroupResponse> add_user(Change& change, const m::AddUserToGroupRequest& request) {
  const auto group = need<Group>(change.account(), *request.group_name);
  if (!group) return std::unexpected(group.error());
  const auto user = need<User>(change.account(), *request.user_name);
  if (!user) return std::unexpected(user.error());
  if (std::ranges::find((*user)->groups, (*group)->name) != (*user)->groups.end()) return m::AddUserToGroupResponse{};
  if ((*user)->groups.size() >= kMaxGroupsOfUser) return over_quota("GroupsPerUser", kMaxGroupsOfUser);
  User changed = **user;
  changed.groups.push_back((*group)->name);
  change.put(std::move(changed));
  return m::AddUserToGroupResponse{};
}

Result<m::RemoveUserFromGroupResponse> remove_user(Change& change, const m::RemoveUserFromGroupRequest& request) {
  const auto group = need<Group>(change.account(), *request.group_name);
  if (!group) return std::unexpected(group.error());
  const auto user = need<User>(change.account(), *request.user_name);
  if (!user) return std::unexpected(user.error());
  User changed = **user;
  if (std::erase(changed.groups, (*group)->name) != 0) change.put(std::move(changed));
  return m::RemoveUserFromGroupResponse{};
}

}  // namespace

void register_group_operations(Core& core) {
  changes(core, m::kCreateGroup, create_group);
  reads(core, m::kGetGroup, get_group);
  reads(core, m::kListGroups, list_groups);
  reads(core, m::kListGroupsForUser, list_groups_of);
  changes(core, m::kUpdateGroup, update_group);
  changes(core, m::kDeleteGroup, delete_group);
  changes(core, m::kAddUserToGroup, add_user);
  changes(core, m::kRemoveUserFromGroup, remove_user);
}

}  // namespace signalbox::iam
