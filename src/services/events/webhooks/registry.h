// Named things of accounts and Regions that few change and many read: connections, API destinations, archives, replays.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/scope.h"

namespace signalbox::events {

/// Safe from any thread. T has `scope`, `name` and `arn()`, and is never changed but replaced.
template <class T>
class Registry {
 public:
  using Pointer = std::shared_ptr<const T>;

  /// Null when there is none of that name.
  Pointer find(const cloud::Scope& scope, std::string_view name) const {
    const std::shared_lock lock(mutex_);
    const auto found = by_scope_.find(scope);
    if (found == by_scope_.end()) return nullptr;
    const auto one = found->second.find(name);
    return one == found->second.end() ? nullptr : one->second;
  }

  /// By "KIND/NAME/ID": null also when the name is now another's.
  Pointer find_arn(std::string_view text) const {
    const auto arn = cloud::Arn::parse(text);
    if (!arn) return nullptr;
    const auto first = arn->resource.find('/');
    const auto last = arn->resource.rfind('/');
    if (first == last) return nullptr;
    Pointer one = find(arn->scope(), std::string_view(arn->resource).substr(first + 1, last - first - 1));
    return one && one->arn() == text ? one : nullptr;
  }

  std::map<std::string, Pointer, std::less<>> list(const cloud::Scope& scope) const {
    const std::shared_lock lock(mutex_);
    const auto found = by_scope_.find(scope);
    return found == by_scope_.end() ? std::map<std::string, Pointer, std::less<>>() : found->second;
  }

  /// Of all accounts and Regions.
  std::vector<Pointer> all() const {
    std::vector<Pointer> all;
    const std::shared_lock lock(mutex_);
    for (const auto& [scope, named] : by_scope_) {
      for (const auto& [name, one] : named) all.push_back(one);
    }
    return all;
  }

  void put(T one) {
    const auto made = std::make_shared<const T>(std::move(one));
    const std::unique_lock lock(mutex_);
    by_scope_[made->scope][made->name] = made;
  }

  void erase(const cloud::Scope& scope, std::string_view name) {
    const std::unique_lock lock(mutex_);
    auto& all = by_scope_[scope];
    if (const auto found = all.find(name); found != all.end()) all.erase(found);
  }

 private:
  mutable std::shared_mutex mutex_;
  std::map<cloud::Scope, std::map<std::string, Pointer, std::less<>>> by_scope_;
};

}  // namespace signalbox::events
