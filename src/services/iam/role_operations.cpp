#include "services/iam/names.h"
#include "services/iam/trust.h"

namespace signalbox::iam {
namespace {

constexpr std::string_view kServiceLinked = "/aws-service-role/";

/// Errors: NoSuchEntity.
Result<Role> changeable(const Account& account, const std::string& name) {
  const auto role = need<Role>(account, name);
  if (!role) return std::unexpected(role.error());
  return **role;
}

Result<m::CreateRoleResponse> create_role(Change& change, const m::CreateRoleRequest& request) {
  const Account& account = change.account();
  if (request.path && request.path->starts_with(kServiceLinked)) {
    return invalid("Roles with path " + std::string(kServiceLinked) +
                   " are service-linked roles, which are not supported.");
  }
  if (account.roles.contains(*request.role_name)) return exists_already(Role::kKind, *request.role_name);
  if (account.roles.size() >= kMaxRoles) return over_quota("RolesPerAccount", kMaxRoles);
  Role role;
  auto trust = read_trust(change.view(), *request.assume_role_policy_document);
  if (!trust) return std::unexpected(std::move(trust).error());
  role.trust = *std::move(trust);
  Result<void> done = begin(change, role, "AROA", *request.role_name, request.path);
  if (done && request.tags) done = add_tags(role.tags, *request.tags);
  if (done && request.permissions_boundary) done = set_boundary(account, role, *request.permissions_boundary);
  if (!done) return std::unexpected(std::move(done).error());
  role.has_description = request.description.has_value();
  role.description = request.description.value_or("");
  role.max_session_seconds = request.max_session_duration.value_or(3600);
  m::CreateRoleResponse answer{shown(change.view(), role, true)};
  answer.role->role_last_used.reset();
  answer.role->max_session_duration.reset();  // as AWS: GetRole tells it
  change.put(std::move(role));
  return answer;
}

Result<m::GetRoleResponse> get_role(const View& view, const m::GetRoleRequest& request) {
  const auto role = need<Role>(view.account(), *request.role_name);
  if (!role) return std::unexpected(role.error());
  return m::GetRoleResponse{shown(view, **role, true)};
}

Result<m::ListRolesResponse> list_roles(const View& view, const m::ListRolesRequest& request) {
  std::vector<std::pair<std::string, m::Role>> all;
  for (const auto& [name, role] : view.account().roles) {
    if (role->path.starts_with(request.path_prefix.value_or("/"))) all.emplace_back(name, shown(view, *role, false));
  }
  m::ListRolesResponse answer;
  auto page = page_of<m::Role>("iam.roles", std::move(all), request, answer);
  if (!page) return std::unexpected(page.error());
  answer.roles = *std::move(page);
  return answer;
}

Result<m::UpdateRoleResponse> update_role(Change& change, const m::UpdateRoleRequest& request) {
  auto role = changeable(change.account(), *request.role_name);
  if (!role) return std::unexpected(std::move(role).error());
  if (request.description) {
    role->has_description = true;
    role->description = *request.description;
  }
  if (request.max_session_duration) role->max_session_seconds = *request.max_session_duration;
  change.put(*std::move(role));
  return m::UpdateRoleResponse{};
}

Result<m::UpdateRoleDescriptionResponse> update_description(Change& change,
                                                            const m::UpdateRoleDescriptionRequest& request) {
  auto role = changeable(change.account(), *request.role_name);
  if (!role) return std::unexpected(std::move(role).error());
  role->has_description = true;
  role->description = *request.description;
  m::UpdateRoleDescriptionResponse answer{shown(change.view(), *role, true)};
  change.put(*std::move(role));
  return answer;
}

Result<m::UpdateAssumeRolePolicyResponse> update_trust(Change& change,
                                                       const m::UpdateAssumeRolePolicyRequest& request) {
  auto role = changeable(change.account(), *request.role_name);
  if (!role) return std::unexpected(std::move(role).error());
  auto trust = read_trust(change.view(), *request.policy_document);
  if (!trust) return std::unexpected(std::move(trust).error());
  role->trust = *std::move(trust);
  change.put(*std::move(role));
  return m::UpdateAssumeRolePolicyResponse{};
}

bool is_in_profile(const Account& account, const std::string& role) {
  return std::ranges::any_of(account.profiles, [&](const auto& entry) { return entry.second->role == role; });
}

Result<m::DeleteRoleResponse> delete_role(Change& change, const m::DeleteRoleRequest& request) {
  const auto role = need<Role>(change.account(), *request.role_name);
  if (!role) return std::unexpected(role.error());
  if (is_in_profile(change.account(), (*role)->name)) {
    return conflict("Cannot delete entity, must remove roles from instance profile first.");
  }
  if (!(*role)->attached.empty()) return conflict("Cannot delete entity, must detach all policies first.");
  if (!(*role)->inline_policies.empty()) return conflict("Cannot delete entity, must delete policies first.");
  change.batch().erase(store::Key(kKeyUseSpace).text((*role)->id));
  change.erase(*role);
  return m::DeleteRoleResponse{};
}

Result<m::PutRolePermissionsBoundaryResponse> put_boundary(Change& change,
                                                           const m::PutRolePermissionsBoundaryRequest& request) {
  auto role = changeable(change.account(), *request.role_name);
  if (!role) return std::unexpected(std::move(role).error());
  Result<void> set = set_boundary(change.account(), *role, *request.permissions_boundary);
  if (!set) return std::unexpected(std::move(set).error());
  change.put(*std::move(role));
  return m::PutRolePermissionsBoundaryResponse{};
}

Result<m::DeleteRolePermissionsBoundaryResponse> delete_boundary(
    Change& change, const m::DeleteRolePermissionsBoundaryRequest& request) {
  auto role = changeable(change.account(), *request.role_name);
  if (!role) return std::unexpected(std::move(role).error());
  if (role->boundary.empty()) return no_entity("Role " + role->name + " does not have a PermissionsBoundary.");
  role->boundary.clear();
  change.put(*std::move(role));
  return m::DeleteRolePermissionsBoundaryResponse{};
}

}  // namespace

void register_role_operations(Core& core) {
  changes(core, m::kCreateRole, create_role);
  reads(core, m::kGetRole, get_role);
  reads(core, m::kListRoles, list_roles);
  changes(core, m::kUpdateRole, update_role);
  changes(core, m::kUpdateRoleDescription, update_description);
  changes(core, m::kUpdateAssumeRolePolicy, update_trust);
  changes(core, m::kDeleteRole, delete_role);
  changes(core, m::kPutRolePermissionsBoundary, put_boundary);
  changes(core, m::kDeleteRolePermissionsBoundary, delete_boundary);
}

}  // namespace signalbox::iam
