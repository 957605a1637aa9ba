#include "cloud/sessions.h"
#include "services/iam/names.h"

namespace signalbox::iam {
namespace {

constexpr const char* kActive = "Active";
constexpr const char* kInactive = "Inactive";

std::unexpected<Error> no_such_key(const std::string& id) {
  return no_entity("The Access Key with id " + id + " cannot be found.");
}

Result<m::CreateAccessKeyResponse> create_key(Change& change, const m::CreateAccessKeyRequest& request) {
  const auto user = user_or_caller(change.view(), request.user_name);
  if (!user) return std::unexpected(user.error());
  User changed = **user;
  if (changed.keys.size() >= kMaxKeysOfUser) return over_quota("AccessKeysPerUser", kMaxKeysOfUser);
  AccessKeyRecord key;
  key.id = cloud::new_access_key("AKIA", change.account().id, change.core().house.random);
  key.secret = cloud::new_secret_key();
  key.created = change.now();
  m::CreateAccessKeyResponse answer;
  answer.access_key = m::AccessKey{changed.name, key.id, kActive, key.secret, key.created};
  changed.keys.push_back(std::move(key));
  change.put(std::move(changed));
  return answer;
}

Result<m::ListAccessKeysResponse> list_keys(const View& view, const m::ListAccessKeysRequest& request) {
  const auto user = user_or_caller(view, request.user_name);
  if (!user) return std::unexpected(user.error());
  std::vector<std::pair<std::string, m::AccessKeyMetadata>> all;
  for (const AccessKeyRecord& key : (*user)->keys) {
    all.emplace_back(key.id,
                     m::AccessKeyMetadata{(*user)->name, key.id, key.active ? kActive : kInactive, key.created});
  }
  m::ListAccessKeysResponse answer;
  auto page = page_of<m::AccessKeyMetadata>("iam.keys", std::move(all), request, answer);
  if (!page) return std::unexpected(page.error());
  answer.access_key_metadata = *std::move(page);
  return answer;
}

Result<m::UpdateAccessKeyResponse> update_key(Change& change, const m::UpdateAccessKeyRequest& request) {
  const auto user = user_or_caller(change.view(), request.user_name);
  if (!user) return std::unexpected(user.error());
  User changed = **user;
  const auto key = std::ranges::find(changed.keys, *request.access_key_id, &AccessKeyRecord::id);
  if (key == changed.keys.end()) return no_such_key(*request.access_key_id);
  if (*request.status != kActive && *request.status != kInactive) {
    return invalid("Status " + *request.status + " is not supported: Active or Inactive.");
  }
  key->active = *request.status == kActive;
  change.put(std::move(changed));
  return m::UpdateAccessKeyResponse{};
}

Result<m::DeleteAccessKeyResponse> delete_key(Change& change, const m::DeleteAccessKeyRequest& request) {
  const auto user = user_or_caller(change.view(), request.user_name);
  if (!user) return std::unexpected(user.error());
  User changed = **user;
  if (std::erase_if(changed.keys, [&](const auto& key) { return key.id == *request.access_key_id; }) == 0) {
    return no_such_key(*request.access_key_id);
  }
  change.batch().erase(store::Key(kKeyUseSpace).text(*request.access_key_id));
  change.put(std::move(changed));
  return m::DeleteAccessKeyResponse{};
}

Result<m::GetAccessKeyLastUsedResponse> last_used(const View& view, const m::GetAccessKeyLastUsedRequest& request) {
  const auto owner = view.account().key_owners.find(*request.access_key_id);
  if (owner == view.account().key_owners.end()) return no_such_key(*request.access_key_id);
  m::GetAccessKeyLastUsedResponse answer;
  answer.user_name = owner->second;
  answer.access_key_last_used = m::AccessKeyLastUsed{std::nullopt, "N/A", "N/A"};
  if (const auto use = view.core.directory.last_use(*request.access_key_id)) {
    answer.access_key_last_used = m::AccessKeyLastUsed{use->time, use->service, use->region};
  }
  return answer;
}

}  // namespace

void register_access_key_operations(Core& core) {
  changes(core, m::kCreateAccessKey, create_key);
  reads(core, m::kListAccessKeys, list_keys);
  changes(core, m::kUpdateAccessKey, update_key);
  changes(core, m::kDeleteAccessKey, delete_key);
  reads(core, m::kGetAccessKeyLastUsed, last_used);
}

}  // namespace signalbox::iam
