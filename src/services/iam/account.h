// Users, groups, roles, policies and instance profiles of one account: values that are never changed, only replaced.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "cloud/callers.h"
#include "policy/document.h"
#include "store/field_forms.h"

namespace signalbox::iam {

using cloud::PolicyPtr;
using Tags = std::vector<std::pair<std::string, std::string>>;

/// A policy's text with what was compiled of it.
struct PolicyText {
  std::string text;
  PolicyPtr document;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("text", self.text);
  }
  /// Makes the document of the text. False when it is none of that kind.
  bool compile(policy::DocumentKind kind);
};

/// What every entity has.
struct Entity {
  static constexpr std::uint8_t kVersion = 1;
  std::string name;
  std::string path = "/";
  std::string id;  // AIDA..., AGPA..., AROA..., ANPA..., AIPA...
  Time created{};
  Tags tags;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("name", self.name)("path", self.path)("id", self.id)("created", self.created)("tags", self.tags);
  }
};

/// Whom policies are put on: users, groups, roles.
struct Identity : Entity {
  std::map<std::string, PolicyText, std::less<>> inline_policies;
  std::vector<std::string> attached;  // ARNs of managed policies, as they were attached
  std::string boundary;               // ARN; "" for none

  bool has_attached(std::string_view arn) const { return std::ranges::find(attached, arn) != attached.end(); }

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    Entity::fields(self, field);
    field("inline_policies", self.inline_policies)("attached", self.attached)("boundary", self.boundary);
  }
  bool restore();
};

struct AccessKeyRecord {
  std::string id;
  std::string secret;  // sealed in the store
  bool active = true;
  Time created{};

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("id", self.id)("secret", store::sealed(self.secret, "access key " + self.id))("active", self.active);
    field("created", self.created);
  }
};

struct User : Identity {
  static constexpr std::string_view kKind = "user";
  std::vector<std::string> groups;
  std::vector<AccessKeyRecord> keys;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    Identity::fields(self, field);
    field("groups", self.groups)("keys", self.keys);
  }
};

struct Group : Identity {
  static constexpr std::string_view kKind = "group";
};

struct Role : Identity {
  static constexpr std::string_view kKind = "role";
  PolicyText trust;
  std::string description;
  bool has_description = false;
  std::int64_t max_session_seconds = 3600;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    Identity::fields(self, field);
    field("trust", self.trust)("description", self.description)("has_description", self.has_description);
    field("max_session_seconds", self.max_session_seconds);
  }
  bool restore();
};

struct ManagedPolicy : Entity {
  static constexpr std::string_view kKind = "policy";
  struct Version {
    PolicyText policy;
    Time created{};

    template <class Self, class Fields>
    static void fields(Self& self, Fields& field) {
      field("policy", self.policy)("created", self.created);
    }
  };
  std::string description;
  Time updated{};
  std::map<std::int64_t, Version> versions;
  std::int64_t default_version = 1;
  std::int64_t next_version = 2;

  const Version& current() const { return versions.at(default_version); }

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    Entity::fields(self, field);
    field("description", self.description)("updated", self.updated)("versions", self.versions);
    field("default_version", self.default_version)("next_version", self.next_version);
  }
  bool restore();
};

struct InstanceProfile : Entity {
  static constexpr std::string_view kKind = "instance-profile";
  std::string role;  // "" for none

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    Entity::fields(self, field);
    field("role", self.role);
  }
};

/// Names that differ in case only are one and the same for uniqueness.
struct IgnoringCase {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const {
    return std::ranges::lexicographical_compare(a, b, {}, lower, lower);
  }
  static char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
};

template <class T>
using Table = std::map<std::string, std::shared_ptr<const T>, IgnoringCase>;

/// One account at one moment. Copied, changed and published as a whole; what is in it is shared.
struct Account {
  std::string id;
  Table<User> users;
  Table<Group> groups;
  Table<Role> roles;
  Table<ManagedPolicy> policies;
  Table<InstanceProfile> profiles;
  std::string alias;
  std::map<std::string, std::string, std::less<>> key_owners;    // by access key id: user name
  std::map<std::string, std::string, std::less<>> names_of_ids;  // by unique id of users and roles

  Account() = default;
  Account(const Account& other)
      : id(other.id),
        users(other.users),
        groups(other.groups),
        roles(other.roles),
        policies(other.policies),
        profiles(other.profiles),
        alias(other.alias),
        key_owners(other.key_owners),
        names_of_ids(other.names_of_ids) {}

  template <class T>
  const Table<T>& table() const {
    return const_cast<Account*>(this)->table<T>();
  }
  template <class T>
  Table<T>& table() {
    if constexpr (std::is_same_v<T, User>) return users;
    if constexpr (std::is_same_v<T, Group>) return groups;
    if constexpr (std::is_same_v<T, Role>) return roles;
    if constexpr (std::is_same_v<T, ManagedPolicy>) return policies;
    if constexpr (std::is_same_v<T, InstanceProfile>) return profiles;
  }
  /// By its exact name; null when there is none.
  template <class T>
  std::shared_ptr<const T> find(std::string_view name) const {
    const auto found = table<T>().find(name);
    return found == table<T>().end() || found->second->name != name ? nullptr : found->second;
  }

  /// Grants that were asked for, by unique id, as long as this account is the current one.
  mutable std::mutex grants_mutex;
  mutable std::map<std::string, std::shared_ptr<const cloud::Grants>, std::less<>> grants;
};
using AccountPtr = std::shared_ptr<const Account>;

/// arn:aws:iam::ACCOUNT:user/PATH/NAME
template <class T>
std::string arn_of(const Account& account, const T& entity) {
  return "arn:aws:iam::" + account.id + ":" + std::string(T::kKind) + entity.path + entity.name;
}

}  // namespace signalbox::iam
