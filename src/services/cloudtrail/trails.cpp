#include "services/cloudtrail/trails.h"

#include <mutex>

namespace signalbox::cloudtrail {

void Trails::put(TrailPtr trail) {
  const std::unique_lock lock(mutex_);
  auto& one = trails_[trail->home.account][{trail->name, trail->home.region}];
  one = std::move(trail);
  look_at_types();
}

void Trails::erase(const Trail& trail) {
  const std::unique_lock lock(mutex_);
  const auto account = trails_.find(trail.home.account);
  if (account == trails_.end()) return;
  account->second.erase({trail.name, trail.home.region});
  if (account->second.empty()) trails_.erase(account);
  look_at_types();
}

TrailPtr Trails::find(const cloud::Scope& home, std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto account = trails_.find(home.account);
  if (account == trails_.end()) return nullptr;
  const auto found = account->second.find({std::string(name), home.region});
  return found == account->second.end() ? nullptr : found->second;
}

TrailPtr Trails::find_arn(std::string_view text) const {
  constexpr std::string_view kKind = "trail/";
  const auto arn = cloud::Arn::parse(text);
  if (!arn || arn->service != "cloudtrail" || !arn->resource.starts_with(kKind)) return nullptr;
  return find(arn->scope(), arn->resource.substr(kKind.size()));
}

std::vector<TrailPtr> Trails::of(std::string_view account) const {
  const std::shared_lock lock(mutex_);
  std::vector<TrailPtr> found;
  if (const auto mine = trails_.find(account); mine != trails_.end()) {
    for (const auto& [name, trail] : mine->second) found.push_back(trail);
  }
  return found;
}

std::vector<TrailPtr> Trails::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<TrailPtr> found;
  for (const auto& [account, trails] : trails_) {
    for (const auto& [name, trail] : trails) found.push_back(trail);
  }
  return found;
}

std::vector<TrailPtr> Trails::wanting(const cloud::Scope& scope, bool is_global, const SelectedCall& call) const {
  const std::shared_lock lock(mutex_);
  std::vector<TrailPtr> found;
  const auto account = trails_.find(scope.account);
  if (account == trails_.end()) return found;
  for (const auto& [name, trail] : account->second) {
    if (trail->logging && trail->covers(scope, is_global) && selects(trail->selectors, call)) found.push_back(trail);
  }
  return found;
}

void Trails::look_at_types() {
  std::uint32_t types = 0;
  for (const auto& [account, trails] : trails_) {
    for (const auto& [name, trail] : trails) {
      if (!trail->logging) continue;
      for (std::size_t i = 0; i < kDataTypes; ++i) {
        const auto type = static_cast<DataType>(i);
        if (selects_any(trail->selectors, type)) types |= bit(type);
      }
    }
  }
  data_types_.store(types);
}

}  // namespace signalbox::cloudtrail
