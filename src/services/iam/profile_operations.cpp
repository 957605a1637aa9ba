#include "services/iam/names.h"

namespace signalbox::iam {
namespace {

Result<m::CreateInstanceProfileResponse> create_profile(Change& change,
                                                        const m::CreateInstanceProfileRequest& request) {
  const Account& account = change.account();
  if (account.profiles.contains(*request.instance_profile_name)) {
    return fail(m::errors::kEntityAlreadyExistsException,
                "Instance Profile " + *request.instance_profile_name + " already exists.");
  }
  if (account.profiles.size() >= kMaxProfiles) return over_quota("InstanceProfilesPerAccount", kMaxProfiles);
  InstanceProfile profile;
  Result<void> done = begin(change, profile, "AIPA", *request.instance_profile_name, request.path);
  if (done && request.tags) done = add_tags(profile.tags, *request.tags);
  if (!done) return std::unexpected(std::move(done).error());
  m::CreateInstanceProfileResponse answer{shown(change.view(), profile, true)};
  change.put(std::move(profile));
  return answer;
}

Result<m::GetInstanceProfileResponse> get_profile(const View& view, const m::GetInstanceProfileRequest& request) {
  const auto profile = need<InstanceProfile>(view.account(), *request.instance_profile_name);
  if (!profile) return std::unexpected(profile.error());
  return m::GetInstanceProfileResponse{shown(view, **profile, true)};
}

Result<m::ListInstanceProfilesResponse> list_profiles(const View& view, const m::ListInstanceProfilesRequest& request) {
  std::vector<std::pair<std::string, m::InstanceProfile>> all;
  for (const auto& [name, profile] : view.account().profiles) {
    if (profile->path.starts_with(request.path_prefix.value_or("/"))) {
      all.emplace_back(name, shown(view, *profile, false));
    }
  }
  m::ListInstanceProfilesResponse answer;
  auto page = page_of<m::InstanceProfile>("iam.profiles", std::move(all), request, answer);
  if (!page) return std::unexpected(page.error());
  answer.instance_profiles = *std::move(page);
  return answer;
}

Result<m::ListInstanceProfilesForRoleResponse> list_for_role(const View& view,
                                                             const m::ListInstanceProfilesForRoleRequest& request) {
  const auto role = need<Role>(view.account(), *request.role_name);
  if (!role) return std::unexpected(role.error());
  std::vector<std::pair<std::string, m::InstanceProfile>> all;
  for (const auto& [name, profile] : view.account().profiles) {
    if (profile->role == (*role)->name) all.emplace_back(name, shown(view, *profile, false));
  }
  m::ListInstanceProfilesForRoleResponse answer;
  auto page = page_of<m::InstanceProfile>("iam.profiles-of-role", std::move(all), request, answer);
  if (!page) return std::unexpected(page.error());
  answer.instance_profiles = *std::move(page);
  return answer;
}

Result<m::DeleteInstanceProfileResponse> delete_profile(Change& change,
                                                        const m::DeleteInstanceProfileRequest& request) {
  const auto profile = need<InstanceProfile>(change.account(), *request.instance_profile_name);
  if (!profile) return std::unexpected(profile.error());
  if (!(*profile)->role.empty()) {
    return conflict("Cannot delete entity, must remove roles from instance profile first.");
  }
  change.erase(*profile);
  return m::DeleteInstanceProfileResponse{};
}

Result<m::AddRoleToInstanceProfileResponse> add_role(Change& change,
                                                     const m::AddRoleToInstanceProfileRequest& request) {
  const auto profile = need<InstanceProfile>(change.account(), *request.instance_profile_name);
  if (!profile) return std::unexpected(profile.error());
  const auto role = need<Role>(change.account(), *request.role_name);
  if (!role) return std::unexpected(role.error());
  if (!(*profile)->role.empty()) return over_quota("InstanceSessionsPerInstanceProfile", 1);
  InstanceProfile changed = **profile;
  changed.role = (*role)->name;
  change.put(std::move(changed));
  return m::AddRoleToInstanceProfileResponse{};
}

Result<m::RemoveRoleFromInstanceProfileResponse> remove_role(Change& change,
                                                             const m::RemoveRoleFromInstanceProfileRequest& request) {
  const auto profile = need<InstanceProfile>(change.account(), *request.instance_profile_name);
  if (!profile) return std::unexpected(profile.error());
  if ((*profile)->role != *request.role_name) return no_such(Role::kKind, *request.role_name);
  InstanceProfile changed = **profile;
  changed.role.clear();
  change.put(std::move(changed));
  return m::RemoveRoleFromInstanceProfileResponse{};
}

}  // namespace

void register_profile_operations(Core& core) {
  changes(core, m::kCreateInstanceProfile, create_profile);
  reads(core, m::kGetInstanceProfile, get_profile);
  reads(core, m::kListInstanceProfiles, list_profiles);
  reads(core, m::kListInstanceProfilesForRole, list_for_role);
  changes(core, m::kDeleteInstanceProfile, delete_profile);
  changes(core, m::kAddRoleToInstanceProfile, add_role);
  changes(core, m::kRemoveRoleFromInstanceProfile, remove_role);
}

}  // namespace signalbox::iam
