// What of mappings is kept, and all that there are.
#include <mutex>

#include "json/json.h"
#include "services/lambda/mappings.h"
#include "store/record.h"
#include "store/spaces.h"
#include "wire/json_codec.h"

namespace signalbox::lambda {

store::Key mapping_key(const cloud::Scope& scope, const std::string& id) {
  return store::Key(kMappingSpace).text(scope.account).text(scope.region).text(id);
}

std::string encode(const MappingRecord& record) {
  std::string settings;
  json::Writer writer(settings);
  wire::write_json(writer, *model::kCreateEventSourceMapping.operation->input, &record.request);
  store::RecordWriter out(1);
  out.number(record.number).integer(record.modified.time_since_epoch().count()).flag(record.enabled).text(settings);
  return std::move(out).take();
}

std::optional<MappingRecord> decode_mapping(std::string_view bytes) {
  store::RecordReader in(bytes, 1);
  MappingRecord record;
  record.number = in.number();
  record.modified = Time(Duration(in.integer()));
  record.enabled = in.flag();
  const std::string settings = in.text();
  json::Document document;
  const auto root = document.parse(settings);
  if (!in.complete() || !root) return std::nullopt;
  const auto read = wire::read_json(*model::kCreateEventSourceMapping.operation->input, *root, &record.request);
  if (!read) return std::nullopt;
  return record;
}

Result<void> Mappings::load(const store::Snapshot& snapshot) {
  Result<void> done = store::each_record(
      snapshot, store::Key(kMappingSpace), [&](std::string_view key, std::string_view value) -> Result<void> {
        const auto name = read_record_key(key, false);
        auto record = decode_mapping(value);
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
