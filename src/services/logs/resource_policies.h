// Resource policies of CloudWatch Logs: documents of an account and Region that let services write to its log groups.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>

#include "cloud/services.h"
#include "cloud/turns.h"
#include "policy/document.h"
#include "services/logs/records.h"

namespace signalbox::logs {

struct ResourcePolicy {
  static constexpr std::uint8_t kVersion = 1;
  std::string name;
  std::string document;  // JSON text
  Millis updated = 0;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("name", self.name)("document", self.document)("updated", self.updated);
  }
};

/// Safe from any thread; changes are made after their commit, in turn.
class ResourcePolicies {
 public:
  using ByName = std::map<std::string, ResourcePolicy, std::less<>>;

  /// Errors: code "StoreError" for a record that cannot be read.
  Result<void> load(const store::Snapshot& snapshot);
  ByName of(const cloud::Scope& scope) const;
  void put(const cloud::Scope& scope, ResourcePolicy policy);
  void erase(const cloud::Scope& scope, const std::string& name);
  /// All of them as one, for who decides; null for none.
  std::shared_ptr<const policy::Document> combined(const cloud::Scope& scope) const;
  cloud::Turns& turns() { return turns_; }  // on shard 0

 private:
  struct Set {
    ByName policies;
    std::shared_ptr<const policy::Document> combined;
  };
  static void combine(Set& set);

  mutable std::shared_mutex mutex_;
  std::map<cloud::Scope, Set> sets_;
  cloud::Turns turns_;
};

}  // namespace signalbox::logs
