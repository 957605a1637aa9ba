// Users, roles and their policies, for those who must know a caller: identification, authorisation, sessions. IAM
// stands behind it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cloud/principal.h"
#include "policy/document.h"

namespace signalbox::cloud {

/// A user's access key. Immutable; a change makes a new one.
struct AccessKey {
  Principal principal;  // the user
  std::string secret;
  bool active = true;
};

/// What identity policies and boundary say of a user or a role. Immutable.
struct Grants {
  std::vector<PolicyPtr> identity;
  PolicyPtr boundary;  // null for none
};

/// A role as STS sees it. Immutable.
struct Role {
  std::string arn;  // with its path
  std::string id;   // AROA...
  std::string name;
  std::string account;
  PolicyPtr trust;
  Duration max_session{};
  std::vector<std::pair<std::string, std::string>> tags;
};

/// Any thread. Null: not known.
class CallerSource {
 public:
  virtual ~CallerSource() = default;
  virtual std::shared_ptr<const AccessKey> find_key(std::string_view access_key) const = 0;
  virtual std::shared_ptr<const Role> find_role(std::string_view arn) const = 0;
  /// Of the user or the role with that unique id.
  virtual std::shared_ptr<const Grants> find_grants(std::string_view account, std::string_view id) const = 0;
  /// A managed policy's default version.
  virtual PolicyPtr find_policy(std::string_view account, std::string_view arn) const = 0;
  /// The unique id of the user or the role with that ARN.
  virtual std::optional<std::string> id_of(std::string_view arn) const = 0;
  /// The ARN of the user or the role with that unique id.
  virtual std::optional<std::string> arn_of_id(std::string_view id) const = 0;
  /// Whether anything was ever made in the account.
  virtual bool knows(std::string_view account) const = 0;
  /// A request was signed with a user's access key (GetAccessKeyLastUsed).
  virtual void used(std::string_view access_key, std::string_view service, std::string_view region) const = 0;
};

/// Knows nobody until there is a source. Filled at start, then only read.
class Callers {
 public:
  void set_source(const CallerSource& source) { source_ = &source; }

  std::shared_ptr<const AccessKey> find_key(std::string_view access_key) const {
    return source_ == nullptr ? nullptr : source_->find_key(access_key);
  }
  std::shared_ptr<const Role> find_role(std::string_view arn) const {
    return source_ == nullptr ? nullptr : source_->find_role(arn);
  }
  std::shared_ptr<const Grants> find_grants(std::string_view account, std::string_view id) const {
    return source_ == nullptr ? nullptr : source_->find_grants(account, id);
  }
  PolicyPtr find_policy(std::string_view account, std::string_view arn) const {
    return source_ == nullptr ? nullptr : source_->find_policy(account, arn);
  }
  std::optional<std::string> id_of(std::string_view arn) const {
    return source_ == nullptr ? std::nullopt : source_->id_of(arn);
  }
  std::optional<std::string> arn_of_id(std::string_view id) const {
    return source_ == nullptr ? std::nullopt : source_->arn_of_id(id);
  }
  bool knows(std::string_view account) const { return source_ != nullptr && source_->knows(account); }
  void used(std::string_view access_key, std::string_view service, std::string_view region) const {
    if (source_ != nullptr) source_->used(access_key, service, region);
  }

 private:
  const CallerSource* source_ = nullptr;
};

}  // namespace signalbox::cloud
