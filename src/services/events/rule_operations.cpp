#include "models/events.h"
#include "services/events/core.h"
#include "services/events/page.h"
#include "services/events/rule_schedule.h"
#include "services/events/tags.h"

namespace signalbox::events {
namespace {

namespace m = models::events;
using cloud::Call;

/// AWS's quota of an event pattern's length, in bytes (the model's own bound is twice that).
constexpr std::size_t kMaxPatternBytes = 2048;
/// AWS's quota is 300 and can be raised; this one only keeps a runaway client from filling the memory.
constexpr std::size_t kMaxRules = 1'000'000;

Result<void> check_put(const m::PutRuleRequest& request) {
  const bool has_pattern = request.event_pattern && !request.event_pattern->empty();
  if (!has_pattern && (!request.schedule_expression || request.schedule_expression->empty())) {
    return fail("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.");
  }
  if (has_pattern && request.event_pattern->size() > kMaxPatternBytes) {
    return fail("ValidationException", "Parameter EventPattern for rule " + request.name.value_or("") +
                                           " exceeds limit of " + std::to_string(kMaxPatternBytes) + ".");
  }
  return {};
}

/// What makes a rule act, compiled.
struct Triggers {
  std::shared_ptr<const pattern::Pattern> pattern;
  std::shared_ptr<const schedule::Schedule> schedule;
};
Result<Triggers> compile(const m::PutRuleRequest& request, const BusId& bus) {
  Triggers triggers;
  if (request.schedule_expression && !request.schedule_expression->empty()) {
    if (bus.name != kDefaultBus) {
      return fail("ValidationException", "ScheduleExpression is supported only on the default event bus.");
    }
    auto schedule = parse_schedule(*request.schedule_expression);
    if (!schedule) return std::unexpected(std::move(schedule).error());
    triggers.schedule = std::make_shared<const schedule::Schedule>(*std::move(schedule));
  }
  if (request.event_pattern && !request.event_pattern->empty()) {
    auto pattern = pattern::Pattern::compile(*request.event_pattern);
    if (!pattern) return std::unexpected(std::move(pattern).error());
    triggers.pattern = std::make_shared<const pattern::Pattern>(*std::move(pattern));
  }
  return triggers;
}

/// The rule as it will be: targets and tags of the one it replaces stay, and so does what an unchanged rate counts
/// from.
Result<RulePtr> make_rule(const Bus& bus, const m::PutRuleRequest& request, const Triggers& triggers, Time now,
                          cloud::Measures& measures) {
  auto rule = std::make_shared<Rule>();
  rule->name = request.name.value_or("");
  rule->arn = bus.id().rule_arn(rule->name);
  rule->measures = std::make_shared<const RuleMeasures>(measures, bus.id(), rule->name);
  rule->pattern = triggers.pattern;
  rule->takes_api_calls = triggers.pattern && asks_for_api_calls(*triggers.pattern);
  rule->schedule = triggers.schedule;
  rule->record.pattern = request.event_pattern.value_or("");
  rule->record.schedule = request.schedule_expression.value_or("");
  rule->record.schedule_start = now;
  rule->record.state = request.state.value_or("ENABLED");
  rule->record.description = request.description;
  rule->record.role_arn = request.role_arn;
  rule->record.created_by = bus.id().scope.account;
  if (const RulePtr old = bus.find_rule(rule->name)) {
    rule->targets = old->targets;
    rule->record.created_by = old->record.created_by;
    rule->record.tags = old->record.tags;
    if (old->record.schedule == rule->record.schedule) rule->record.schedule_start = old->record.schedule_start;
  } else {
    if (bus.rules().size() >= kMaxRules) return limit_exceeded();
    if (auto merged = put_tags(rule->record.tags, cloud::tag_list(request.tags)); !merged)
      return std::unexpected(merged.error());
  }
  return rule;
}

/// Commits the rule and then makes it the one that matches. In turn.
asio::awaitable<Result<void>> store_rule(Core& core, BusPtr bus, RulePtr rule) {
  store::Batch batch;
  batch.put(rule_key(bus->id(), rule->name), store::encode(rule->record));
  // What was due before the rule was as it is now is not made up for.
  const Time now = core.house.clock.now();
  if (rule->schedule) batch.put(seen_key(bus->id(), rule->name), store::encode(SeenRecord{now}));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (!done) co_return done;
  bus->put_rule(rule);
  arm_schedule(core, bus, rule->name, now);
  co_return done;
}

asio::awaitable<Result<m::PutRuleResponse>> put_rule(Core& core, const Call& call, m::PutRuleRequest request) {
  const auto bus = find_bus(core, call.scope, request.event_bus_name);
  if (!bus) co_return std::unexpected(bus.error());
  if (auto checked = check_put(request); !checked) co_return std::unexpected(std::move(checked).error());
  const auto triggers = compile(request, (*bus)->id());
  if (!triggers) co_return std::unexpected(triggers.error());
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (!(*bus)->record()) co_return no_such_bus((*bus)->id().name);
    if (auto own = (*bus)->check_not_managed(request.name.value_or("")); !own) co_return own;
    auto rule = make_rule(**bus, request, *triggers, core.house.clock.now(), core.house.measures);
    if (!rule) co_return std::unexpected(std::move(rule).error());
    Result<void> stored = co_await store_rule(core, *bus, *std::move(rule));
    co_return stored;
  };
  Result<void> done = co_await in_turn(*bus, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  m::PutRuleResponse response;
  response.rule_arn = (*bus)->id().rule_arn(request.name.value_or(""));
  co_return response;
}

asio::awaitable<Result<void>> set_state(Core& core, const Call& call, std::optional<std::string> bus_name,
                                        std::string name, std::string state) {
  const auto bus = find_bus(core, call.scope, bus_name);
  if (!bus) co_return std::unexpected(bus.error());
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (auto own = (*bus)->check_not_managed(name); !own) co_return own;
    const auto rule = (*bus)->need_rule(name);
    if (!rule) co_return std::unexpected(rule.error());
    auto changed = std::make_shared<Rule>(**rule);
    changed->record.state = state;
    Result<void> stored = co_await store_rule(core, *bus, std::move(changed));
    co_return stored;
  };
  Result<void> done = co_await in_turn(*bus, std::ref(work));
  co_return done;
}

asio::awaitable<Result<m::EnableRuleResponse>> enable(Core& core, const Call& call, m::EnableRuleRequest request) {
  Result<void> done = co_await set_state(core, call, request.event_bus_name, request.name.value_or(""), "ENABLED");
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::EnableRuleResponse{};
}

asio::awaitable<Result<m::DisableRuleResponse>> disable(Core& core, const Call& call, m::DisableRuleRequest request) {
  Result<void> done = co_await set_state(core, call, request.event_bus_name, request.name.value_or(""), "DISABLED");
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DisableRuleResponse{};
}

/// Deleting what does not exist succeeds, as with AWS. Managed rules stay, with Force, too: whoever wants no archive
/// deletes the archive.
asio::awaitable<Result<m::DeleteRuleResponse>> remove(Core& core, const Call& call, m::DeleteRuleRequest request) {
  const auto bus = find_bus(core, call.scope, request.event_bus_name);
  if (!bus) co_return std::unexpected(bus.error());
  const std::string name = request.name.value_or("");
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (auto own = (*bus)->check_not_managed(name); !own) co_return own;
    const RulePtr rule = (*bus)->find_rule(name);
    if (!rule) co_return Result<void>();
    if (!rule->targets.empty()) co_return fail("ValidationException", "Rule can't be deleted since it has targets.");
    store::Batch batch;
    batch.erase(rule_key((*bus)->id(), name));
    batch.erase(seen_key((*bus)->id(), name));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (!done) co_return done;
    (*bus)->clear_alarm(name);
    (*bus)->erase_rule(name);
    co_return done;
  };
  Result<void> done = co_await in_turn(*bus, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DeleteRuleResponse{};
}

asio::awaitable<Result<m::DescribeRuleResponse>> describe(Core& core, const Call& call,
                                                          m::DescribeRuleRequest request) {
  const auto bus = find_bus(core, call.scope, request.event_bus_name);
  if (!bus) co_return std::unexpected(bus.error());
  Result<RulePtr> found = co_await on_shard(*bus, [&] { return (*bus)->need_any_rule(request.name.value_or("")); });
  if (!found) co_return std::unexpected(std::move(found).error());
  const Rule& rule = **found;
  m::DescribeRuleResponse response;
  response.name = rule.name;
  response.arn = rule.arn;
  if (!rule.record.pattern.empty()) response.event_pattern = rule.record.pattern;
  if (!rule.record.schedule.empty()) response.schedule_expression = rule.record.schedule;
  response.state = rule.record.state;
  response.description = rule.record.description;
  response.role_arn = rule.record.role_arn;
  response.event_bus_name = (*bus)->id().name;
  response.created_by = rule.record.created_by;
  if (!rule.managed_by.empty()) response.managed_by = rule.managed_by;
  co_return response;
}

/// `read(rules)` of all rules of the bus by name, those that this service manages among them. On the bus's shard.
template <class Read>
auto with_all_rules(const Bus& bus, Read read) {
  if (bus.managed_rules().empty()) return read(bus.rules());
  auto all = bus.rules();
  all.insert(bus.managed_rules().begin(), bus.managed_rules().end());
  return read(all);
}

asio::awaitable<Result<m::ListRulesResponse>> list(Core& core, const Call& call, m::ListRulesRequest request) {
  const auto bus = find_bus(core, call.scope, request.event_bus_name);
  if (!bus) co_return std::unexpected(bus.error());
  const PageRequest asked{"rules", request.name_prefix.value_or(""), request.next_token, request.limit};
  m::ListRulesResponse response;
  auto& rules = response.rules.emplace();
  auto read_page = [&](const auto& all) {
    return page(all, asked, [&](const std::string& name, const RulePtr& rule) {
      m::Rule& entry = rules.emplace_back();
      entry.name = name;
      entry.arn = rule->arn;
      if (!rule->record.pattern.empty()) entry.event_pattern = rule->record.pattern;
      if (!rule->record.schedule.empty()) entry.schedule_expression = rule->record.schedule;
      entry.state = rule->record.state;
      entry.description = rule->record.description;
      entry.role_arn = rule->record.role_arn;
      entry.event_bus_name = (*bus)->id().name;
      if (!rule->managed_by.empty()) entry.managed_by = rule->managed_by;
      return true;
    });
  };
  auto read = [&] { return with_all_rules(**bus, read_page); };
  Result<std::optional<std::string>> next = co_await on_shard(*bus, std::ref(read));
  if (!next) co_return std::unexpected(std::move(next).error());
  response.next_token = *std::move(next);
  co_return response;
}

asio::awaitable<Result<m::ListRuleNamesByTargetResponse>> list_by_target(Core& core, const Call& call,
                                                                         m::ListRuleNamesByTargetRequest request) {
  const auto bus = find_bus(core, call.scope, request.event_bus_name);
  if (!bus) co_return std::unexpected(bus.error());
  const std::string arn = request.target_arn.value_or("");
  const PageRequest asked{"rules-by-target", "", request.next_token, request.limit};
  m::ListRuleNamesByTargetResponse response;
  auto& names = response.rule_names.emplace();
  auto read_page = [&](const auto& all) {
    return page(all, asked, [&](const std::string& name, const RulePtr& rule) {
      const bool delivers = std::any_of(rule->targets.begin(), rule->targets.end(),
                                        [&](const auto& target) { return target->record.arn == arn; });
      if (delivers) names.push_back(name);
      return delivers;
    });
  };
  auto read = [&] { return with_all_rules(**bus, read_page); };
  Result<std::optional<std::string>> next = co_await on_shard(*bus, std::ref(read));
  if (!next) co_return std::unexpected(std::move(next).error());
  response.next_token = *std::move(next);
  co_return response;
}

}  // namespace

void register_rule_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kPutRule, [&core](const Call& call, m::PutRuleRequest request) {
    return put_rule(core, call, std::move(request));
  });
  door.handle(m::kDescribeRule, [&core](const Call& call, m::DescribeRuleRequest request) {
    return describe(core, call, std::move(request));
  });
  door.handle(m::kListRules,
              [&core](const Call& call, m::ListRulesRequest request) { return list(core, call, std::move(request)); });
  door.handle(m::kListRuleNamesByTarget, [&core](const Call& call, m::ListRuleNamesByTargetRequest request) {
    return list_by_target(core, call, std::move(request));
  });
  door.handle(m::kEnableRule, [&core](const Call& call, m::EnableRuleRequest request) {
    return enable(core, call, std::move(request));
  });
  door.handle(m::kDisableRule, [&core](const Call& call, m::DisableRuleRequest request) {
    return disable(core, call, std::move(request));
  });
  door.handle(m::kDeleteRule, [&core](const Call& call, m::DeleteRuleRequest request) {
    return remove(core, call, std::move(request));
  });
}

}  // namespace signalbox::events
