#include "services/iam/records.h"

#include "store/record.h"

namespace signalbox::iam {
namespace {

using store::RecordReader;
using store::RecordWriter;

constexpr std::uint8_t kVersion = 1;

Time read_time(RecordReader& in) {
  return Time(Duration(in.integer()));
}
void write_time(RecordWriter& out, Time time) {
  out.integer(time.time_since_epoch().count());
}

RecordWriter begin(const Entity& entity) {
  RecordWriter out(kVersion);
  out.text(entity.name).text(entity.path).text(entity.id);
  write_time(out, entity.created);
  out.number(entity.tags.size());
  for (const auto& [key, value] : entity.tags) out.text(key).text(value);
  return out;
}

void read(RecordReader& in, Entity& entity) {
  entity.name = in.text();
  entity.path = in.text();
  entity.id = in.text();
  entity.created = read_time(in);
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    std::string key = in.text();
    entity.tags.emplace_back(std::move(key), in.text());
  }
}

void write_identity(RecordWriter& out, const Identity& identity) {
  out.number(identity.inline_policies.size());
  for (const auto& [name, policy] : identity.inline_policies) out.text(name).text(policy.text);
  out.number(identity.attached.size());
  for (const std::string& arn : identity.attached) out.text(arn);
  out.text(identity.boundary);
}

PolicyText decode_policy(RecordReader& in, policy::DocumentKind kind, bool& good) {
  PolicyText policy{in.text(), nullptr};
  auto document = policy::Document::parse(policy.text, kind);
  if (document) {
    policy.document = std::make_shared<const policy::Document>(*std::move(document));
  } else {
    good = false;
  }
  return policy;
}

void read_identity(RecordReader& in, Identity& identity, bool& good) {
  read(in, identity);
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    std::string name = in.text();
    identity.inline_policies[name] = decode_policy(in, policy::DocumentKind::kInline, good);
  }
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) identity.attached.push_back(in.text());
  identity.boundary = in.text();
}

std::string owner_of(const AccessKeyRecord& key) {
  return "access key " + key.id;
}

template <class T>
bool finish(Account& account, T entity, const RecordReader& in, bool good) {
  if (!good || !in.complete()) return false;
  show(account, std::make_shared<const T>(std::move(entity)));
  return true;
}

bool decode_user(Account& account, RecordReader& in, const Sealer& sealer) {
  User user;
  bool good = true;
  read_identity(in, user, good);
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) user.groups.push_back(in.text());
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    AccessKeyRecord key;
    key.id = in.text();
    const auto secret = sealer.open(in.text_view(), owner_of(key));
    key.active = in.flag();
    key.created = read_time(in);
    good = good && secret;
    if (secret) key.secret = *secret;
    user.keys.push_back(std::move(key));
  }
  return finish(account, std::move(user), in, good);
}

bool decode_role(Account& account, RecordReader& in) {
  Role role;
  bool good = true;
  read_identity(in, role, good);
  role.trust = decode_policy(in, policy::DocumentKind::kTrust, good);
  role.description = in.text();
  role.has_description = in.flag();
  role.max_session_seconds = in.integer();
  return finish(account, std::move(role), in, good);
}

bool decode_policy(Account& account, RecordReader& in) {
  ManagedPolicy policy;
  bool good = true;
  read(in, policy);
  policy.description = in.text();
  policy.updated = read_time(in);
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    const std::int64_t number = in.integer();
    auto& version = policy.versions[number];
    version.policy = decode_policy(in, policy::DocumentKind::kManaged, good);
    version.created = read_time(in);
  }
  policy.default_version = in.integer();
  policy.next_version = in.integer();
  return finish(account, policy, in, good && policy.versions.contains(policy.default_version));
}

}  // namespace

std::string encode(const User& user, const Sealer& sealer) {
  RecordWriter out = begin(user);
  write_identity(out, user);
  out.number(user.groups.size());
  for (const std::string& group : user.groups) out.text(group);
  out.number(user.keys.size());
  for (const AccessKeyRecord& key : user.keys) {
    out.text(key.id).text(sealer.seal(key.secret, owner_of(key))).flag(key.active);
    write_time(out, key.created);
  }
  return std::move(out).take();
}

std::string encode(const Group& group, const Sealer&) {
  RecordWriter out = begin(group);
  write_identity(out, group);
  return std::move(out).take();
}

std::string encode(const Role& role, const Sealer&) {
  RecordWriter out = begin(role);
  write_identity(out, role);
  out.text(role.trust.text).text(role.description).flag(role.has_description).integer(role.max_session_seconds);
  return std::move(out).take();
}

std::string encode(const ManagedPolicy& policy, const Sealer&) {
  RecordWriter out = begin(policy);
  out.text(policy.description);
  write_time(out, policy.updated);
  out.number(policy.versions.size());
  for (const auto& [number, version] : policy.versions) {
    out.integer(number).text(version.policy.text);
    write_time(out, version.created);
  }
  out.integer(policy.default_version).integer(policy.next_version);
  return std::move(out).take();
}

std::string encode(const InstanceProfile& profile, const Sealer&) {
  RecordWriter out = begin(profile);
  out.text(profile.role);
  return std::move(out).take();
}

bool decode_into(Account& account, std::string_view kind, std::string_view record, const Sealer& sealer) {
  RecordReader in(record, kVersion);
  if (kind == User::kKind) return decode_user(account, in, sealer);
  if (kind == Role::kKind) return decode_role(account, in);
  if (kind == ManagedPolicy::kKind) return decode_policy(account, in);
  if (kind == Group::kKind) {
    Group group;
    bool good = true;
    read_identity(in, group, good);
    return finish(account, std::move(group), in, good);
  }
  if (kind == InstanceProfile::kKind) {
    InstanceProfile profile;
    read(in, profile);
    profile.role = in.text();
    return finish(account, std::move(profile), in, true);
  }
  return false;
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
