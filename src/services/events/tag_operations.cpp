#include "cloud/reserved_tags.h"
#include "models/events.h"
#include "services/events/core.h"
#include "services/events/tags.h"

namespace signalbox::events {
namespace {

namespace m = models::events;
using cloud::Call;

/// The bus that the ARN names or that holds the rule it names.
struct Tagged {
  BusPtr bus;
  std::string rule;  // "" for the bus itself
};
Result<Tagged> find_tagged(Core& core, const Call& call, const std::optional<std::string>& arn) {
  auto name = resolve_tagged(call.scope, arn.value_or(""));
  if (!name) return std::unexpected(std::move(name).error());
  auto bus = core.buses.need(name->bus);
  if (!bus) return std::unexpected(std::move(bus).error());
  return Tagged{*std::move(bus), std::move(name->rule)};
}

/// On the bus's shard.
Result<Tags> tags_of(const Tagged& tagged) {
  const auto record = tagged.bus->record();
  if (!record) return no_such_bus(tagged.bus->id().name);
  if (tagged.rule.empty()) return record->tags;
  auto rule = tagged.bus->need_any_rule(tagged.rule);
  if (!rule) return std::unexpected(std::move(rule).error());
  return (*rule)->record.tags;
}

/// On the bus's shard, in turn.
asio::awaitable<Result<void>> store_tags(Core& core, Tagged tagged, Tags tags) {
  store::Batch batch;
  BusRecord bus_record = *tagged.bus->record();
  const RulePtr rule = tagged.bus->find_rule(tagged.rule);
  auto changed = rule ? std::make_shared<Rule>(*rule) : nullptr;
  if (changed) {
    changed->record.tags = std::move(tags);
    batch.put(rule_key(tagged.bus->id(), changed->name), store::encode(changed->record));
  } else {
    bus_record.tags = std::move(tags);
    batch.put(bus_key(tagged.bus->id()), store::encode(bus_record));
  }
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (!done) co_return done;
  if (changed) {
    tagged.bus->put_rule(changed);
  } else {
    tagged.bus->set_record(std::move(bus_record));
  }
  co_return done;
}

asio::awaitable<Result<m::TagResourceResponse>> tag(Core& core, const Call& call, m::TagResourceRequest request) {
  const auto tagged = find_tagged(core, call, request.resource_arn);
  if (!tagged) co_return std::unexpected(tagged.error());
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (auto own = tagged->bus->check_not_managed(tagged->rule); !own) co_return own;
    auto tags = tags_of(*tagged);
    if (!tags) co_return std::unexpected(std::move(tags).error());
    if (auto merged = merge_tags(*tags, request.tags); !merged) co_return merged;
    Result<void> stored = co_await store_tags(core, *tagged, *std::move(tags));
    co_return stored;
  };
  Result<void> done = co_await in_turn(tagged->bus, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::TagResourceResponse{};
}

asio::awaitable<Result<m::UntagResourceResponse>> untag(Core& core, const Call& call, m::UntagResourceRequest request) {
  const auto tagged = find_tagged(core, call, request.resource_arn);
  if (!tagged) co_return std::unexpected(tagged.error());
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (auto own = tagged->bus->check_not_managed(tagged->rule); !own) co_return own;
    auto tags = tags_of(*tagged);
    if (!tags) co_return std::unexpected(std::move(tags).error());
    if (request.tag_keys) {
      for (const std::string& key : *request.tag_keys) tags->erase(key);
    }
    Result<void> stored = co_await store_tags(core, *tagged, *std::move(tags));
    co_return stored;
  };
  Result<void> done = co_await in_turn(tagged->bus, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::UntagResourceResponse{};
}

asio::awaitable<Result<m::ListTagsForResourceResponse>> list_tags(Core& core, const Call& call,
                                                                  m::ListTagsForResourceRequest request) {
  const auto tagged = find_tagged(core, call, request.resource_arn);
  if (!tagged) co_return std::unexpected(tagged.error());
  Result<Tags> tags = co_await on_shard(tagged->bus, [&] { return tags_of(*tagged); });
  if (!tags) co_return std::unexpected(std::move(tags).error());
  m::ListTagsForResourceResponse response;
  auto& list = response.tags.emplace();
  for (const auto& [key, value] : *tags) list.push_back({key, value});
  co_return response;
}

}  // namespace

Result<void> merge_tags(Tags& tags, const std::optional<std::vector<m::Tag>>& given) {
  if (!given) return {};
  for (const m::Tag& each : *given) {
    if (cloud::is_reserved_tag(each.key.value_or(""))) return fail("ValidationException", cloud::kReservedTagText);
    tags[each.key.value_or("")] = each.value.value_or("");
  }
  if (tags.size() > kMaxTags) {
    return fail("ValidationException", "A resource can have " + std::to_string(kMaxTags) + " tags at most.");
  }
  return {};
}

void register_tag_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kTagResource,
              [&core](const Call& call, m::TagResourceRequest request) { return tag(core, call, std::move(request)); });
  door.handle(m::kUntagResource, [&core](const Call& call, m::UntagResourceRequest request) {
    return untag(core, call, std::move(request));
  });
  door.handle(m::kListTagsForResource, [&core](const Call& call, m::ListTagsForResourceRequest request) {
    return list_tags(core, call, std::move(request));
  });
}

}  // namespace signalbox::events
