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
Result<Tagged> find_tagged(Core& core, const Call& call, const std::string& arn) {
  auto name = resolve_tagged(call.scope, arn);
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

asio::awaitable<Result<Tags>> change_tags(Core& core, const Call& call, std::string arn, cloud::TagChange change) {
  const auto tagged = find_tagged(core, call, arn);
  if (!tagged) co_return std::unexpected(tagged.error());
  if (!change) {
    Result<Tags> asked = co_await on_shard(tagged->bus, [&] { return tags_of(*tagged); });
    co_return asked;
  }
  Result<Tags> tags;
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (auto own = tagged->bus->check_not_managed(tagged->rule); !own) co_return own;
    tags = tags_of(*tagged);
    if (!tags) co_return std::unexpected(tags.error());
    if (auto changed = change(*tags); !changed) co_return changed;
    Result<void> stored = co_await store_tags(core, *tagged, *tags);
    co_return stored;
  };
  const Result<void> done = co_await in_turn(tagged->bus, std::ref(work));
  if (!done) co_return std::unexpected(done.error());
  co_return tags;
}

}  // namespace

Result<void> put_tags(Tags& tags, const cloud::TagList& given) {
  constexpr cloud::TagRules kRules{
      [](const std::string&) { return fail("ValidationException", cloud::kReservedTagText); },
      [] { return fail("ValidationException", "A resource can have 50 tags at most."); }};
  return cloud::put_tags(tags, given, kRules);
}

void register_tag_operations(Core& core) {
  auto& door = core.house.door;
  cloud::Tagging tagging;
  tagging.change = [&core](const Call& call, std::string_view, std::string arn, cloud::TagChange change) {
    return change_tags(core, call, std::move(arn), std::move(change));
  };
  tagging.put = put_tags;
  cloud::serve_tags(door, m::kTagResource, m::kUntagResource, m::kListTagsForResource, std::move(tagging));
}

}  // namespace signalbox::events
