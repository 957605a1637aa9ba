#include "services/iam/iam.h"

#include <map>

#include "services/iam/absent.h"
#include "services/iam/core.h"

namespace signalbox::iam {
namespace {

std::unexpected<Error> broken(std::string_view what) {
  return fail("StoreError", "An IAM record of " + std::string(what) + " in the store cannot be read.");
}

template <class Visit>
Result<void> each(const store::Snapshot& snapshot, std::string_view space, Visit visit) {
  Result<void> done;
  const store::Key all(space);
  Result<void> scanned = snapshot.scan(all, all.end(), [&](std::string_view key, std::string_view value) {
    store::KeyReader reader(key);
    reader.text();
    done = visit(reader, value);
    return done.has_value();
  });
  return done ? scanned : done;
}

}  // namespace

Iam::Iam(const cloud::House& house) : core_(std::make_unique<Core>(house)) {
  house.door.add_service(models::iam::kService);
  house.callers.set_source(core_->directory);
  register_user_operations(*core_);
  register_access_key_operations(*core_);
  register_group_operations(*core_);
  register_role_operations(*core_);
  register_inline_policy_operations(*core_);
  register_policy_operations(*core_);
  register_attachment_operations(*core_);
  register_profile_operations(*core_);
  register_tag_operations(*core_);
  register_account_operations(*core_);
  register_simulation_operations(*core_);
  register_granting_operations(*core_);
  describe_access(*core_);
  answer_absent(house);
}

Iam::~Iam() = default;

Result<void> Iam::load() {
  const auto snapshot = core_->house.store.read();
  std::map<std::string, std::shared_ptr<Account>> accounts;
  const auto account_of = [&](const std::string& id) -> Account& {
    auto& account = accounts[id];
    if (!account) account = std::make_shared<Account>();
    account->id = id;
    return *account;
  };
  Result<void> done = each(*snapshot, kEntitySpace, [&](store::KeyReader& key, std::string_view value) -> Result<void> {
    const auto account = key.text();
    const auto kind = key.text();
    if (!account || !kind) return broken("an unknown kind");
    if (!show_record(account_of(*account), *kind, value, core_->house.sealer)) return broken(*kind);
    return {};
  });
  if (!done) return done;
  done = each(*snapshot, kAliasSpace, [&](store::KeyReader& key, std::string_view value) -> Result<void> {
    const auto account = key.text();
    if (!account) return broken("an alias");
    account_of(*account).alias = value;
    return {};
  });
  if (!done) return done;
  done = each(*snapshot, kKeyUseSpace, [&](store::KeyReader& key, std::string_view value) -> Result<void> {
    const auto id = key.text();
    auto use = store::decode<LastUse>(value);
    if (!id || !use) return broken("an access key's use");
    core_->directory.set_last_use(*id, *std::move(use));
    return {};
  });
  if (!done) return done;
  for (auto& [id, account] : accounts) core_->directory.publish(std::move(account));
  return {};
}

}  // namespace signalbox::iam
