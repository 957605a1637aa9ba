#include "services/events/router.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/time_text.h"
#include "services/events/bus_access.h"

namespace signalbox::events {
namespace {

constexpr const char* kRouterPrincipal = "events.amazonaws.com";

bool reads_event(const Rule& rule) {
  return std::ranges::any_of(rule.targets, [](const auto& target) { return target->reads_event(); });
}

std::optional<cloud::Undelivered> refused(std::string code, std::string message) {
  return cloud::Undelivered{0, std::move(code), std::move(message)};
}

}  // namespace

Router::Router(Core& core)
    : core_(core), now_(core.house.clock.now()), ingestion_time_(to_iso8601(now_)), outbox_(core) {}

bool Router::enter(const BusId& bus, std::string_view text, const std::string& trace_header) {
  Event event{text, trace_header};
  return route(bus, event, {});
}

bool Router::enter_api_call(const BusId& bus, std::string_view text, bool read_only) {
  const std::string no_trace;
  Event event{text, no_trace};
  event.api_call = true;
  event.read_only_call = read_only;
  return route(bus, event, {});
}

bool Router::replay(const BusId& bus, std::string_view text, const std::vector<std::string>& only) {
  replaying_ = true;
  only_ = only.empty() ? nullptr : &only;
  const std::string no_trace;
  Event event{text, no_trace};
  return route(bus, event, {});
}

bool Router::deliver(const BusId& bus, const Rule& rule, std::string_view text, const std::string& trace_header) {
  Event event{text, trace_header};
  show(bus, event, {&rule});
  if (!add(bus, rule, event, {})) return false;
  const RuleIndex* index = find_index(bus);
  if (index == nullptr || !index->has_archives()) return true;
  std::vector<const Rule*> matched;
  index->match(text, matched);
  for (const Rule* archive : matched) {
    if (archive->archive) add(bus, *archive, event, {});
  }
  return true;
}

void Router::match(const RuleIndex& index, const Event& event, std::vector<const Rule*>& matched) {
  const auto start = std::chrono::steady_clock::now();
  index.match(event.text, matched);
  core_.figures.match_time.record(std::chrono::steady_clock::now() - start);
  if (replaying_) {
    const auto* const only = std::exchange(only_, nullptr);  // not for the buses that the event goes on to
    std::erase_if(matched, [only](const Rule* rule) {
      return rule->archive || (only != nullptr && std::ranges::find(*only, rule->arn) == only->end());
    });
  }
  if (event.api_call && !core_.options.api_calls_to_all_rules) {
    std::erase_if(matched, [&](const Rule* rule) { return !takes_api_call(*rule, event.text); });
  }
  // Archives do not: their rules are enabled as others are.
  if (event.read_only_call) std::erase_if(matched, [](const Rule* rule) { return !rule->takes_read_only_calls(); });
  core_.figures.matches.add(matched.size());
}

bool Router::route(const BusId& bus, Event& event, Hops hops) {
  const RuleIndex* index = find_index(bus);
  std::vector<const Rule*> matched;
  if (index == nullptr || index->empty()) {
    show(bus, event, matched);
    return true;
  }
  match(*index, event, matched);
  show(bus, event, matched);
  for (const Rule* rule : matched) {
    if (reads_event(*rule) && !read(event)) return false;
  }
  for (const Rule* rule : matched) add(bus, *rule, event, hops);
  return true;
}

void Router::show(const BusId& bus, const Event& event, const std::vector<const Rule*>& matched) {
  if (!core_.house.tap.is_watched()) return;
  std::vector<std::string_view> names;
  for (const Rule* rule : matched) {
    if (!rule->archive) names.push_back(rule->name);
  }
  core_.house.tap.event(bus.scope, bus.name, event.text, names);
}

bool Router::read(Event& event) {
  if (event.root) return true;
  const auto root = document_.parse(event.text);
  if (root) event.root = *root;
  return root.has_value();
}

bool Router::add(const BusId& bus, const Rule& rule, Event& event, Hops hops) {
  if (rule.archive) {
    outbox_.archive(rule.archive, event.text, now_);
    return true;
  }
  if (reads_event(rule) && !read(event)) return false;
  outbox_.count(rule, rule.pattern != nullptr);
  const MatchedEvent matched{event.text, event.root, ingestion_time_, rule.arn, rule.name};
  for (const auto& target : rule.targets) {
    if (target->bus) {
      forward(bus, rule, *target, event, hops);
    } else {
      outbox_.add(*target, matched, event.trace_header);
    }
  }
  return true;
}

void Router::forward(const BusId& from, const Rule& rule, const Target& target, Event& event, Hops hops) {
  const auto why = try_forward(from, rule, target, event, hops);
  if (why) {
    outbox_.refuse(target, *why, event.text);
  } else {
    if (core_.house.tap.is_watched()) {
      core_.house.tap.note({cloud::event_id_of(event.text), rule.arn, target.record.arn});
    }
    core_.figures.deliveries.add(1);
  }
}

bool Router::may_forward(const BusId& from, const Rule& rule, const Target& target, const Bus& bus,
                         const Event& event) const {
  const auto policy = bus.policy();
  const std::string role = target.record.role_arn.value_or("");
  const std::string& owner = bus.id().scope.account;
  if (!core_.house.authority.enforcing() || role.empty()) {
    return from.scope.account == owner ||
           (policy && policy_allows(*policy, {bus.arn(), owner, from.scope.account, role,
                                              core_.house.callers.id_of(role).value_or(""), rule.arn, event.text}));
  }
  auto principal = core_.house.sessions.principal_of({role, kRouterPrincipal, "", rule.arn, from.scope.account});
  if (!principal) return false;
  cloud::Call call;
  call.scope = from.scope;
  call.principal = *std::move(principal);
  call.invoked_by = kRouterPrincipal;
  cloud::Access access{"events:PutEvents", bus.arn(), owner, policy};
  add_event_keys(access.keys, event.text);
  return core_.house.authority.decide(call, access).has_value();
}

std::optional<cloud::Undelivered> Router::try_forward(const BusId& from, const Rule& rule, const Target& target,
                                                      Event& event, Hops hops) {
  const BusId& to = *target.bus;
  bool& gone = from.scope.region == to.scope.region ? hops.same_region : hops.cross_region;
  if (gone) {
    return refused(&gone == &hops.same_region ? "THIRD_ACCOUNT_HOP_DETECTED" : "THIRD_REGION_HOP_DETECTED",
                   "Events received from another event bus cannot be forwarded to a third one.");
  }
  gone = true;
  const auto bus = core_.buses.need(to);
  const auto record = bus ? (*bus)->record() : nullptr;
  if (!record) return refused("NO_RESOURCE", "Event bus " + to.name + " does not exist.");
  if (!may_forward(from, rule, target, **bus, event)) {
    return refused("NO_PERMISSIONS", "The policy of event bus " + (*bus)->arn() + " does not allow account " +
                                         from.scope.account + " to put events, or the role of rule " + rule.arn +
                                         " does not.");
  }
  if (route(to, event, hops)) return std::nullopt;
  return refused("INVALID_JSON", "The event is nested too deep.");
}

const RuleIndex* Router::find_index(const BusId& id) {
  const auto known = indexes_.find(id);
  if (known != indexes_.end()) return known->second.get();
  const BusPtr bus = core_.buses.find(id);
  return indexes_.emplace(id, bus ? bus->index() : nullptr).first->second.get();
}

}  // namespace signalbox::events
