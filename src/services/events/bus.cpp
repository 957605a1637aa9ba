#include "services/events/bus.h"

#include "policy/document.h"

namespace signalbox::events {

std::unexpected<Error> no_such_bus(std::string_view name) {
  return fail("ResourceNotFoundException", "Event bus " + std::string(name) + " does not exist.");
}

std::unexpected<Error> limit_exceeded() {
  return fail("LimitExceededException", "The requested resource exceeds the maximum number allowed.");
}

void Bus::set_record(BusRecord record) {
  auto policy = policy::Document::parse(record.policy, policy::DocumentKind::kResource);
  policy_.set(policy ? std::make_shared<const policy::Document>(*std::move(policy)) : nullptr);
  record_.set(std::make_shared<const BusRecord>(std::move(record)));
}

void Bus::remove() {
  record_.set(nullptr);
  policy_.set(nullptr);
}

RulePtr Bus::find_rule(std::string_view name) const {
  const auto found = rules_.find(name);
  return found == rules_.end() ? nullptr : found->second;
}

Result<RulePtr> Bus::need_rule(std::string_view name) const {
  if (!record()) return no_such_bus(id_.name);
  if (RulePtr rule = find_rule(name)) return rule;
  return fail("ResourceNotFoundException",
              "Rule " + std::string(name) + " does not exist on EventBus " + id_.name + ".");
}

Result<RulePtr> Bus::need_any_rule(std::string_view name) const {
  const auto managed = managed_.find(name);
  if (record() && managed != managed_.end()) return managed->second;
  return need_rule(name);
}

Result<void> Bus::check_not_managed(std::string_view name) const {
  if (!managed_.contains(name)) return {};
  return fail("ManagedRuleException",
              std::string(name) + " is a managed rule. Set 'force' parameter to true to override.");
}

void Bus::load_rule(const RulePtr& rule) {
  rules_[rule->name] = rule;
  if (rule->is_enabled() && rule->pattern) {
    builder_.put(rule);
  } else {
    builder_.erase(rule->name);
  }
}

void Bus::set_alarm(const std::string& rule, Time due, std::function<void()> fire) {
  clear_alarm(rule);
  alarms_.emplace(rule, shard_.alarms().set(due, std::move(fire)));
}

void Bus::clear_alarm(std::string_view rule) {
  const auto found = alarms_.find(rule);
  if (found == alarms_.end()) return;
  shard_.alarms().cancel(found->second);
  alarms_.erase(found);
}

void Bus::put_rule(const RulePtr& rule) {
  load_rule(rule);
  publish();
}

void Bus::erase_rule(std::string_view name) {
  builder_.erase(name);
  rules_.erase(rules_.find(name));
  publish();
}

void Bus::load_archive(const RulePtr& archive) {
  archives_[archive->name] = archive;
  if (archive->shown) managed_[archive->shown->name] = archive->shown;
  builder_.put(archive);
  builder_.has_archives(true);
}

void Bus::put_archive(const RulePtr& archive) {
  load_archive(archive);
  publish();
}

void Bus::erase_archive(std::string_view name) {
  const auto found = archives_.find(name);
  if (found == archives_.end()) return;
  builder_.erase(name);
  if (found->second->shown) managed_.erase(found->second->shown->name);
  archives_.erase(found);
  builder_.has_archives(!archives_.empty());
  publish();
}

BusPtr Buses::find(const BusId& id) const {
  const std::shared_lock lock(mutex_);
  const auto found = buses_.find(id);
  return found == buses_.end() ? nullptr : found->second;
}

BusPtr Buses::make(const BusId& id) {
  const std::unique_lock lock(mutex_);
  BusPtr& bus = buses_[id];
  if (!bus) {
    bus = std::make_shared<Bus>(id, shards_.owner(id.arn()));
    if (id.is_default()) bus->set_record({});
  }
  return bus;
}

Result<BusPtr> Buses::need(const BusId& id) {
  BusPtr bus = id.is_default() ? make(id) : find(id);
  if (!bus || !bus->record()) return no_such_bus(id.name);
  return bus;
}

void Buses::forget(const Bus& bus) {
  const std::unique_lock lock(mutex_);
  buses_.erase(bus.id());
}

std::vector<BusPtr> Buses::list(const cloud::Scope& scope) {
  make({scope, std::string(kDefaultBus)});
  const std::shared_lock lock(mutex_);
  std::vector<BusPtr> buses;
  for (auto at = buses_.lower_bound({scope, ""}); at != buses_.end() && at->first.scope == scope; ++at) {
    if (at->second->record()) buses.push_back(at->second);
  }
  return buses;
}

}  // namespace signalbox::events
