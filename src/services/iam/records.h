// How IAM's entities are kept: a record each, under account, kind and name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/seal.h"
#include "services/iam/account.h"
#include "store/key.h"

namespace signalbox::iam {

inline constexpr std::string_view kEntitySpace = "iam.entity";
inline constexpr std::string_view kAliasSpace = "iam.alias";
inline constexpr std::string_view kKeyUseSpace = "iam.key-use";

inline store::Key entity_key(std::string_view account, std::string_view kind, std::string_view name) {
  return store::Key(kEntitySpace).text(account).text(kind).text(name);
}
inline store::Key alias_key(std::string_view account) {
  return store::Key(kAliasSpace).text(account);
}

/// Adds the entity of that kind to the account. False when the record cannot be read.
bool show_record(Account& account, std::string_view kind, std::string_view record, const Sealer& sealer);

/// Puts the entity where readers find it, with what leads to it.
void show(Account& account, std::shared_ptr<const User> user);
void show(Account& account, std::shared_ptr<const Group> group);
void show(Account& account, std::shared_ptr<const Role> role);
void show(Account& account, std::shared_ptr<const ManagedPolicy> policy);
void show(Account& account, std::shared_ptr<const InstanceProfile> profile);
/// Takes it away, with what leads to it.
void hide(Account& account, const User& user);
void hide(Account& account, const Group& group);
void hide(Account& account, const Role& role);
void hide(Account& account, const ManagedPolicy& policy);
void hide(Account& account, const InstanceProfile& profile);

}  // namespace signalbox::iam
