// What of mappings is kept, and all that there are.
#include <mutex>

#include "services/lambda/mappings.h"
#include "store/spaces.h"

namespace signalbox::lambda {

store::Key mapping_key(const cloud::Scope& scope, const std::string& id) {
  return store::Key(kMappingSpace).text(scope.account).text(scope.region).text(id);
}

Result<void> Mappings::load(const store::Snapshot& snapshot) {
  Result<void> done = store::each_record(
      snapshot, store::Key(kMappingSpace), [&](std::string_view key, std::string_view value) -> Result<void> {
        const auto name = read_record_key(key, false);
        auto record = store::decode<MappingRecord>(value);
        auto config = name && record ? compile_mapping(core_, name->scope, record->request, false)
                                     : Result<MappingConfigPtr>(std::unexpected(Error{}));
        if (!config) return fail("StoreError", "The record of an event source mapping in the store cannot be read.");
        cloud::Shard& owner = core_.house.shards.owner("lambda:mapping:" + name->name);
        auto mapping = std::make_shared<Mapping>(name->name, name->scope, owner);
        mapping->record = *std::move(record);
        mapping->config = *std::move(config);
        put(mapping);
        owner.post([this, mapping] { mapping->owner.spawn("lambda.mapping-start", restart(core_, mapping)); });
        return {};
      });
  return done;
}

void Mappings::drain() {
  const std::shared_lock lock(mutex_);
  for (const auto& [name, mapping] : mappings_) {
    mapping->owner.post([mapping] { mapping->active = false; });
  }
}

MappingPtr Mappings::find(const cloud::Scope& scope, const std::string& id) const {
  const std::shared_lock lock(mutex_);
  const auto found = mappings_.find({scope, id});
  return found == mappings_.end() ? nullptr : found->second;
}

std::vector<MappingPtr> Mappings::mappings_of(const cloud::Scope& scope) const {
  std::vector<MappingPtr> out;
  const std::shared_lock lock(mutex_);
  for (auto at = mappings_.lower_bound({scope, ""}); at != mappings_.end() && at->first.first == scope; ++at) {
    out.push_back(at->second);
  }
  return out;
}

void Mappings::put(const MappingPtr& mapping) {
  const std::unique_lock lock(mutex_);
  mappings_[{mapping->scope, mapping->id}] = mapping;
}

void Mappings::erase(const MappingPtr& mapping) {
  const std::unique_lock lock(mutex_);
  mappings_.erase({mapping->scope, mapping->id});
}

}  // namespace signalbox::lambda
