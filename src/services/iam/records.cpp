#include "services/iam/records.h"

#include <algorithm>

namespace signalbox::iam {
namespace {

template <class T>
bool show_record(Account& account, std::string_view record, const Sealer& sealer) {
  auto entity = store::decode<T>(record, &sealer);
  if (entity) show(account, std::make_shared<const T>(*std::move(entity)));
  return entity.has_value();
}

}  // namespace

bool PolicyText::compile(policy::DocumentKind kind) {
  auto parsed = policy::Document::parse(text, kind);
  if (!parsed) return false;
  document = std::make_shared<const policy::Document>(*std::move(parsed));
  return true;
}

bool Identity::restore() {
  return std::ranges::all_of(inline_policies,
                             [](auto& named) { return named.second.compile(policy::DocumentKind::kInline); });
}

bool Role::restore() {
  return Identity::restore() && trust.compile(policy::DocumentKind::kTrust);
}

bool ManagedPolicy::restore() {
  return versions.contains(default_version) && std::ranges::all_of(versions, [](auto& numbered) {
           return numbered.second.policy.compile(policy::DocumentKind::kManaged);
         });
}

bool show_record(Account& account, std::string_view kind, std::string_view record, const Sealer& sealer) {
  if (kind == User::kKind) return show_record<User>(account, record, sealer);
  if (kind == Group::kKind) return show_record<Group>(account, record, sealer);
  if (kind == Role::kKind) return show_record<Role>(account, record, sealer);
  if (kind == ManagedPolicy::kKind) return show_record<ManagedPolicy>(account, record, sealer);
  return kind == InstanceProfile::kKind && show_record<InstanceProfile>(account, record, sealer);
}

void hide(Account& account, const User& user) {
  for (const AccessKeyRecord& key : user.keys) account.key_owners.erase(key.id);
  account.names_of_ids.erase(user.id);
  account.users.erase(user.name);
}
void hide(Account& account, const Group& group) {
  account.groups.erase(group.name);
}
void hide(Account& account, const Role& role) {
  account.names_of_ids.erase(role.id);
  account.roles.erase(role.name);
}
void hide(Account& account, const ManagedPolicy& policy) {
  account.policies.erase(policy.name);
}
void hide(Account& account, const InstanceProfile& profile) {
  account.profiles.erase(profile.name);
}

void show(Account& account, std::shared_ptr<const User> user) {
  if (const auto before = account.users.find(user->name); before != account.users.end()) {
    const auto old = before->second;
    hide(account, *old);
  }
  for (const AccessKeyRecord& key : user->keys) account.key_owners[key.id] = user->name;
  account.names_of_ids[user->id] = user->name;
  std::string name = user->name;
  account.users[std::move(name)] = std::move(user);
}
void show(Account& account, std::shared_ptr<const Group> group) {
  std::string name = group->name;
  account.groups[std::move(name)] = std::move(group);
}
void show(Account& account, std::shared_ptr<const Role> role) {
  account.names_of_ids[role->id] = role->name;
  std::string name = role->name;
  account.roles[std::move(name)] = std::move(role);
}
void show(Account& account, std::shared_ptr<const ManagedPolicy> policy) {
  std::string name = policy->name;
  account.policies[std::move(name)] = std::move(policy);
}
void show(Account& account, std::shared_ptr<const InstanceProfile> profile) {
  std::string name = profile->name;
  account.profiles[std::move(name)] = std::move(profile);
}

}  // namespace signalbox::iam
