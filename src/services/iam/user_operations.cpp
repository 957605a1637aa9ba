#include "services/iam/names.h"

namespace signalbox::iam {
namespace {

Result<m::CreateUserResponse> create_user(Change& change, const m::CreateUserRequest& request) {
  const Account& account = change.account();
  if (account.users.contains(*request.user_name)) return exists_already(User::kKind, *request.user_name);
  if (account.users.size() >= kMaxUsers) return over_quota("UsersPerAccount", kMaxUsers);
  User user;
  Result<void> done = begin(change, user, "AIDA", *request.user_name, request.path);
  if (done && request.tags) done = add_tags(user.tags, *request.tags);
  if (done && request.permissions_boundary) done = set_boundary(account, user, *request.permissions_boundary);
  if (!done) return std::unexpected(std::move(done).error());
  m::CreateUserResponse answer{shown(account, user, true)};
  change.put(std::move(user));
  return answer;
}

Result<m::GetUserResponse> get_user(const View& view, const m::GetUserRequest& request) {
  const cloud::Principal& who = view.call.principal;
  if (!request.user_name && who.type == cloud::PrincipalType::kRoot) {
    m::User root;
    root.user_id = view.account().id;
    root.arn = "arn:aws:iam::" + view.account().id + ":root";
    root.create_date = Time{};
    root.path = "/";
    root.user_name = view.account().id;
    return m::GetUserResponse{root};
  }
  const auto user = user_or_caller(view, request.user_name);
  if (!user) return std::unexpected(user.error());
  return m::GetUserResponse{shown(view.account(), **user, true)};
}

Result<m::ListUsersResponse> list_users(const View& view, const m::ListUsersRequest& request) {
  std::vector<std::pair<std::string, m::User>> all;
  for (const auto& [name, user] : view.account().users) {
    if (user->path.starts_with(request.path_prefix.value_or("/"))) {
      all.emplace_back(name, shown(view.account(), *user, false));
    }
  }
  m::ListUsersResponse answer;
  auto page = page_of<m::User>("iam.users", std::move(all), request, answer);
  if (!page) return std::unexpected(page.error());
  answer.users = *std::move(page);
  return answer;
}

Result<m::UpdateUserResponse> update_user(Change& change, const m::UpdateUserRequest& request) {
  const Account& account = change.account();
  const auto user = need<User>(account, *request.user_name);
  if (!user) return std::unexpected(user.error());
  User changed = **user;
  if (request.new_path) changed.path = *request.new_path;
  if (request.new_user_name && *request.new_user_name != changed.name) {
    const auto other = account.users.find(*request.new_user_name);
    if (other != account.users.end() && other->second != *user) {
      return exists_already(User::kKind, *request.new_user_name);
    }
    changed.name = *request.new_user_name;
    change.erase(*user);
  }
  change.put(std::move(changed));
  return m::UpdateUserResponse{};
}

Result<m::DeleteUserResponse> delete_user(Change& change, const m::DeleteUserRequest& request) {
  const auto user = need<User>(change.account(), *request.user_name);
  if (!user) return std::unexpected(user.error());
  if (!(*user)->groups.empty()) return conflict("Cannot delete entity, must remove user from groups first.");
  if (!(*user)->attached.empty()) return conflict("Cannot delete entity, must detach all policies first.");
  if (!(*user)->inline_policies.empty()) return conflict("Cannot delete entity, must delete policies first.");
  if (!(*user)->keys.empty()) return conflict("Cannot delete entity, must delete access keys first.");
  change.erase(*user);
  return m::DeleteUserResponse{};
}

Result<m::PutUserPermissionsBoundaryResponse> put_boundary(Change& change,
                                                           const m::PutUserPermissionsBoundaryRequest& request) {
  const auto user = need<User>(change.account(), *request.user_name);
  if (!user) return std::unexpected(user.error());
  User changed = **user;
  Result<void> set = set_boundary(change.account(), changed, *request.permissions_boundary);
  if (!set) return std::unexpected(std::move(set).error());
  change.put(std::move(changed));
  return m::PutUserPermissionsBoundaryResponse{};
}

Result<m::DeleteUserPermissionsBoundaryResponse> delete_boundary(
    Change& change, const m::DeleteUserPermissionsBoundaryRequest& request) {
  const auto user = need<User>(change.account(), *request.user_name);
  if (!user) return std::unexpected(user.error());
  User changed = **user;
  if (changed.boundary.empty()) return no_entity("User " + changed.name + " does not have a PermissionsBoundary.");
  changed.boundary.clear();
  change.put(std::move(changed));
  return m::DeleteUserPermissionsBoundaryResponse{};
}

}  // namespace

void register_user_operations(Core& core) {
  changes(core, m::kCreateUser, create_user);
  reads(core, m::kGetUser, get_user);
  reads(core, m::kListUsers, list_users);
  changes(core, m::kUpdateUser, update_user);
  changes(core, m::kDeleteUser, delete_user);
  changes(core, m::kPutUserPermissionsBoundary, put_boundary);
  changes(core, m::kDeleteUserPermissionsBoundary, delete_boundary);
}

}  // namespace signalbox::iam
