#include "services/iam/directory.h"

#include "cloud/scope.h"
#include "cloud/sessions.h"
#include "services/iam/aws_policies.h"
#include "services/iam/records.h"

namespace signalbox::iam {
namespace {

constexpr Duration kUseResolution = std::chrono::minutes(1);

void add_documents(const Account& account, const Identity& identity, cloud::Grants& grants) {
  for (const auto& [name, policy] : identity.inline_policies) grants.identity.push_back(policy.document);
  for (const std::string& arn : identity.attached) {
    if (const auto managed = find_managed(account, arn)) grants.identity.push_back(managed->current().policy.document);
  }
}

std::string_view name_in(std::string_view resource) {
  return resource.substr(resource.rfind('/') + 1);
}

template <class T>
std::optional<std::string> id_if(const Account& account, std::string_view name, std::string_view arn) {
  const auto found = account.find<T>(name);
  return found && arn_of(account, *found) == arn ? std::optional(found->id) : std::nullopt;
}

template <class T>
std::optional<std::string> arn_if(const Account& account, std::string_view name, std::string_view id) {
  const auto found = account.find<T>(name);
  return found && found->id == id ? std::optional(arn_of(account, *found)) : std::nullopt;
}

}  // namespace

std::shared_ptr<const ManagedPolicy> find_managed(const Account& account, std::string_view arn) {
  const auto parsed = cloud::Arn::parse(arn);
  if (!parsed || parsed->service != "iam" || !parsed->resource.starts_with("policy/")) return nullptr;
  if (parsed->account == "aws") return find_aws_policy(arn);
  if (parsed->account != account.id) return nullptr;
  auto policy = account.find<ManagedPolicy>(name_in(parsed->resource));
  return policy && arn_of(account, *policy) == arn ? policy : nullptr;
}

AccountPtr Directory::account(std::string_view id) const {
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = accounts_.find(id); found != accounts_.end()) return found->second;
  }
  auto none = std::make_shared<Account>();
  none->id = id;
  return none;
}

void Directory::publish(AccountPtr account) {
  const std::unique_lock lock(mutex_);
  accounts_[account->id] = account;
}

std::optional<std::string> Directory::owner_of_alias(std::string_view alias) const {
  const std::shared_lock lock(mutex_);
  for (const auto& [id, account] : accounts_) {
    if (account->alias == alias) return id;
  }
  return std::nullopt;
}

bool Directory::knows(std::string_view account) const {
  const std::shared_lock lock(mutex_);
  return accounts_.contains(account);
}

std::optional<std::string> Directory::id_of(std::string_view arn) const {
  const auto parsed = cloud::Arn::parse(arn);
  if (!parsed || parsed->service != "iam") return std::nullopt;
  const AccountPtr of = account(parsed->account);
  const std::string_view name = name_in(parsed->resource);
  if (parsed->resource.starts_with("user/")) return id_if<User>(*of, name, arn);
  return parsed->resource.starts_with("role/") ? id_if<Role>(*of, name, arn) : std::nullopt;
}

std::optional<std::string> Directory::arn_of_id(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  for (const auto& [number, account] : accounts_) {
    const auto name = account->names_of_ids.find(id);
    if (name == account->names_of_ids.end()) continue;
    auto arn = arn_if<User>(*account, name->second, id);
    return arn ? arn : arn_if<Role>(*account, name->second, id);
  }
  return std::nullopt;
}

cloud::Grants Directory::grants_of(const Account& account, const Identity& identity) {
  cloud::Grants grants;
  add_documents(account, identity, grants);
  if (!identity.boundary.empty()) {
    const auto boundary = find_managed(account, identity.boundary);
    if (boundary) grants.boundary = boundary->current().policy.document;
  }
  return grants;
}

cloud::Grants Directory::grants_of(const Account& account, const User& user) {
  cloud::Grants grants = grants_of(account, static_cast<const Identity&>(user));
  for (const std::string& name : user.groups) {
    if (const auto group = account.find<Group>(name)) add_documents(account, *group, grants);
  }
  return grants;
}

std::shared_ptr<const cloud::AccessKey> Directory::find_key(std::string_view access_key) const {
  const auto id = cloud::account_of_access_key(access_key);
  if (!id) return nullptr;
  const AccountPtr of = account(*id);
  const auto owner = of->key_owners.find(access_key);
  const auto user = owner == of->key_owners.end() ? nullptr : of->find<User>(owner->second);
  if (!user) return nullptr;
  const auto key = std::ranges::find(user->keys, access_key, &AccessKeyRecord::id);
  auto found = std::make_shared<cloud::AccessKey>();
  found->principal.type = cloud::PrincipalType::kUser;
  found->principal.arn = arn_of(*of, *user);
  found->principal.account = of->id;
  found->principal.id = user->id;
  found->principal.user_name = user->name;
  found->principal.access_key = key->id;
  found->principal.tags = user->tags;
  found->secret = key->secret;
  found->active = key->active;
  return found;
}

std::shared_ptr<const cloud::Role> Directory::find_role(std::string_view arn) const {
  const auto parsed = cloud::Arn::parse(arn);
  if (!parsed || parsed->service != "iam" || !parsed->resource.starts_with("role/")) return nullptr;
  const AccountPtr of = account(parsed->account);
  const auto role = of->find<Role>(name_in(parsed->resource));
  if (!role || arn_of(*of, *role) != arn) return nullptr;
  auto found = std::make_shared<cloud::Role>();
  found->arn = arn;
  found->id = role->id;
  found->name = role->name;
  found->account = of->id;
  found->trust = role->trust.document;
  found->max_session = std::chrono::seconds(role->max_session_seconds);
  found->tags = role->tags;
  return found;
}

std::shared_ptr<const cloud::Grants> Directory::find_grants(std::string_view account_id, std::string_view id) const {
  const AccountPtr of = account(account_id);
  const std::lock_guard lock(of->grants_mutex);
  if (const auto known = of->grants.find(id); known != of->grants.end()) return known->second;
  const auto name = of->names_of_ids.find(id);
  if (name == of->names_of_ids.end()) return nullptr;
  std::shared_ptr<const cloud::Grants> grants;
  if (const auto user = of->find<User>(name->second); user && user->id == id) {
    grants = std::make_shared<const cloud::Grants>(grants_of(*of, *user));
  } else if (const auto role = of->find<Role>(name->second); role && role->id == id) {
    grants = std::make_shared<const cloud::Grants>(grants_of(*of, *role));
  }
  if (grants) of->grants[std::string(id)] = grants;
  return grants;
}

PolicyPtr Directory::find_policy(std::string_view account_id, std::string_view arn) const {
  const auto policy = find_managed(*account(account_id), arn);
  return policy ? policy->current().policy.document : nullptr;
}

void Directory::set_last_use(std::string id, LastUse use) {
  const std::unique_lock lock(uses_mutex_);
  uses_[std::move(id)] = std::move(use);
}

std::optional<LastUse> Directory::last_use(std::string_view id) const {
  const std::shared_lock lock(uses_mutex_);
  const auto found = uses_.find(id);
  return found == uses_.end() ? std::nullopt : std::optional(found->second);
}

void Directory::used(std::string_view access_key, std::string_view service, std::string_view region) const {
  const Time now = clock_.now();
  {
    const std::shared_lock lock(uses_mutex_);
    const auto found = uses_.find(access_key);
    const bool recent = found != uses_.end() && now - found->second.time < kUseResolution;
    if (recent && found->second.service == service && found->second.region == region) return;
  }
  LastUse use{now, std::string(service), std::string(region)};
  store::Batch batch;
  batch.put(store::Key(kKeyUseSpace).text(access_key), store::encode(use));
  {
    const std::unique_lock lock(uses_mutex_);
    uses_[std::string(access_key)] = std::move(use);
  }
  store_.commit_later(std::move(batch));
}

}  // namespace signalbox::iam
