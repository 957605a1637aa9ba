// All accounts, for whoever reads: any thread, without waiting for those who change them.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cloud/callers.h"
#include "services/iam/account.h"
#include "store/store.h"

namespace signalbox::iam {

/// When an access key or a role was last used. Kept apart: written later, at most once a minute for each.
struct LastUse {
  static constexpr std::uint8_t kVersion = 1;
  Time time{};
  std::string service;
  std::string region;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("time", self.time)("service", self.service)("region", self.region);
  }
};

class Directory final : public cloud::CallerSource {
 public:
  Directory(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  /// Never null: an account that has nothing is empty.
  AccountPtr account(std::string_view id) const;
  void publish(AccountPtr account);
  /// The account that has the alias.
  std::optional<std::string> owner_of_alias(std::string_view alias) const;
  void set_last_use(std::string id, LastUse use);
  std::optional<LastUse> last_use(std::string_view id) const;

  /// What identity policies and boundary an entity has.
  static cloud::Grants grants_of(const Account& account, const User& user);
  static cloud::Grants grants_of(const Account& account, const Identity& identity);

  std::shared_ptr<const cloud::AccessKey> find_key(std::string_view access_key) const override;
  std::shared_ptr<const cloud::Role> find_role(std::string_view arn) const override;
  std::shared_ptr<const cloud::Grants> find_grants(std::string_view account, std::string_view id) const override;
  PolicyPtr find_policy(std::string_view account, std::string_view arn) const override;
  std::optional<std::string> id_of(std::string_view arn) const override;
  std::optional<std::string> arn_of_id(std::string_view id) const override;
  bool knows(std::string_view account) const override;
  void used(std::string_view access_key, std::string_view service, std::string_view region) const override;

 private:
  store::Store& store_;
  const Clock& clock_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, AccountPtr, std::less<>> accounts_;
  mutable std::shared_mutex uses_mutex_;
  mutable std::map<std::string, LastUse, std::less<>> uses_;
};

/// The policy with that ARN: the account's own or AWS's. Null when there is none.
std::shared_ptr<const ManagedPolicy> find_managed(const Account& account, std::string_view arn);

}  // namespace signalbox::iam
