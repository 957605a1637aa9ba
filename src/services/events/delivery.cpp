#include "services/events/delivery.h"

#include <algorithm>
#include <utility>

#include "cloud/delivery_rights.h"
#include "cloud/rule_failures.h"

namespace signalbox::events {
namespace {

using DeadLetters = std::map<std::string, std::vector<cloud::EventDelivery>, std::less<>>;

/// Tells the targets how the commit ended, whichever way the call is left.
class Settlement {
 public:
  Settlement() = default;
  Settlement(const Settlement&) = delete;
  ~Settlement() { settle(false); }
  void add(cloud::AfterCommit after) { waiting_.push_back(std::move(after)); }
  void settle(bool committed) {
    for (const auto& after : std::exchange(waiting_, {})) after(committed);
  }

 private:
  std::vector<cloud::AfterCommit> waiting_;
};

void drop(Core& core, const std::string& target, const cloud::Undelivered& undelivered) {
  core.figures.dropped.add(1);
  core.house.log.warning("an event delivery was dropped",
                         {{"target", target}, {"error", undelivered.code}, {"message", undelivered.message}});
}

/// The rule that a dead letter comes from; "" for none.
std::string rule_of(const cloud::EventDelivery& letter) {
  for (const auto& [name, text] : letter.attributes) {
    if (name == "RULE_ARN") return text;
  }
  return "";
}

/// What is told to whoever watches, when the commit is done.
struct Told {
  std::string event_id;
  std::string rule;
  std::string target;
  cloud::DeliveryNote::Outcome outcome = cloud::DeliveryNote::Outcome::kDelivered;
  std::string code = {};
  std::string message = {};
};

void tell(Core& core, const std::vector<Told>& all) {
  for (const Told& one : all) {
    core.house.tap.note({one.event_id, one.rule, one.target, one.outcome, 1, one.code, one.message});
  }
}

/// What those of one target would be told, were all delivered. Nothing while nobody watches.
std::vector<Told> told_of(Core& core, const std::string& arn, const Outgoing& outgoing) {
  std::vector<Told> told;
  if (!core.house.tap.is_watched()) return told;
  for (const cloud::EventDelivery& delivery : outgoing.deliveries) {
    told.push_back({delivery.event_id, delivery.policy->source, arn});
  }
  return told;
}

constexpr const char* kPrincipal = "events.amazonaws.com";

/// Takes away those that the rule, with its role or without, may not deliver there. Returns them, and of those that are
/// left their former places.
asio::awaitable<std::vector<cloud::Undelivered>> take_refused(Core& core, std::string arn, Outgoing& outgoing,
                                                              std::vector<std::size_t>& places) {
  std::vector<cloud::Undelivered> refused;
  std::vector<cloud::EventDelivery> kept;
  std::map<std::pair<std::string, std::string>, Result<void>> known;  // by rule and role
  for (std::size_t i = 0; i < outgoing.deliveries.size(); ++i) {
    const std::pair by(outgoing.deliveries[i].policy->source, outgoing.roles[i]);
    auto right = known.find(by);
    if (right == known.end()) {
      cloud::DeliveryRight wanted{kPrincipal, by.first, by.second, arn};
      Result<void> allowed = co_await cloud::may_deliver(core.house.authority, core.house.sessions, std::move(wanted));
      right = known.emplace(by, std::move(allowed)).first;
    }
    if (right->second) {
      places.push_back(i);
      kept.push_back(std::move(outgoing.deliveries[i]));
    } else {
      refused.push_back({i, "NO_PERMISSIONS", right->second.error().message});
    }
  }
  outgoing.deliveries = std::move(kept);
  co_return refused;
}

/// Appends what may be delivered; what may not be is told as undelivered.
asio::awaitable<cloud::Appended> append_allowed(Core& core, std::string arn, Outgoing& outgoing, store::Batch& batch) {
  if (!core.house.authority.verifying()) {
    co_return co_await outgoing.kind->append(arn, std::move(outgoing.deliveries), batch);
  }
  std::vector<std::size_t> places;
  std::vector<cloud::Undelivered> refused = co_await take_refused(core, arn, outgoing, places);
  cloud::Appended appended;
  if (!outgoing.deliveries.empty()) {
    appended = co_await outgoing.kind->append(arn, std::move(outgoing.deliveries), batch);
  }
  for (cloud::Undelivered& one : appended.undelivered) one.delivery = places[one.delivery];
  for (cloud::Undelivered& one : refused) appended.undelivered.push_back(std::move(one));
  co_return appended;
}

asio::awaitable<void> append(Core& core, std::string arn, Outgoing outgoing, store::Batch& batch,
                             Settlement& settlement, DeadLetters& dead) {
  using Outcome = cloud::DeliveryNote::Outcome;
  const std::size_t count = outgoing.deliveries.size();
  std::vector<Told> told = told_of(core, arn, outgoing);
  std::vector<std::shared_ptr<const cloud::DeliveryPolicy>> policies;
  for (const cloud::EventDelivery& delivery : outgoing.deliveries) policies.push_back(delivery.policy);
  cloud::Appended appended = co_await append_allowed(core, arn, outgoing, batch);
  core.figures.deliveries.add(count - appended.undelivered.size());
  if (appended.after) settlement.add(std::move(appended.after));
  for (const cloud::Undelivered& undelivered : appended.undelivered) {
    cloud::tell_rule_failure(core.house.measures, "FailedInvocations", policies[undelivered.delivery]->source);
    if (!told.empty()) {
      told[undelivered.delivery].outcome = Outcome::kDropped;
      told[undelivered.delivery].code = undelivered.code;
      told[undelivered.delivery].message = undelivered.message;
    }
    const auto fallback = std::ranges::find(outgoing.fallbacks, undelivered.delivery, &Outgoing::Fallback::delivery);
    if (fallback == outgoing.fallbacks.end()) {
      drop(core, arn, undelivered);
    } else {
      if (!told.empty()) told[undelivered.delivery].outcome = Outcome::kDeadLettered;
      dead[fallback->policy->dead_letter_queue].push_back(cloud::dead_letter(
          *fallback->policy, std::move(fallback->event), arn, undelivered.code, undelivered.message));
    }
  }
  // What goes outside is told of when it gets there.
  if (outgoing.kind->is_outside())
    std::erase_if(told, [](const Told& one) { return one.outcome == Outcome::kDelivered; });
  if (told.empty()) co_return;
  settlement.add([&core, told = std::move(told)](bool committed) {
    if (committed) tell(core, told);
  });
}

asio::awaitable<void> bury(Core& core, std::string queue, std::vector<cloud::EventDelivery> letters,
                           store::Batch& batch, Settlement& settlement) {
  const std::size_t count = letters.size();
  std::vector<std::string> rules;
  for (const cloud::EventDelivery& letter : letters) rules.push_back(rule_of(letter));
  cloud::EventTarget* queues = core.house.event_targets.queues();
  Outgoing outgoing{queues, {}};
  for (cloud::EventDelivery& letter : letters) {
    // The queue's policy is asked for the rule.
    auto of_rule = std::make_shared<cloud::DeliveryPolicy>();
    of_rule->source = rules[outgoing.deliveries.size()];
    if (!letter.policy) letter.policy = std::move(of_rule);
    outgoing.deliveries.push_back(std::move(letter));
    outgoing.roles.emplace_back();
  }
  cloud::Appended appended = co_await append_allowed(core, queue, outgoing, batch);
  core.figures.dead_lettered.add(count - appended.undelivered.size());
  if (appended.after) settlement.add(std::move(appended.after));
  for (const cloud::Undelivered& undelivered : appended.undelivered) {
    drop(core, queue, undelivered);
    cloud::tell_rule_failure(core.house.measures, "InvocationsFailedToBeSentToDlq", rules[undelivered.delivery]);
    rules[undelivered.delivery].clear();
  }
  for (const std::string& rule : rules) {
    if (!rule.empty()) cloud::tell_rule_failure(core.house.measures, "InvocationsSentToDlq", rule);
  }
}

}  // namespace

void Outbox::add(const Target& target, const MatchedEvent& event, const std::string& trace_header) {
  const TargetRecord& record = target.record;
  auto& to_one = outgoing_.try_emplace(record.arn, Outgoing{target.kind, {}}).first->second;
  cloud::EventDelivery& delivery = to_one.deliveries.emplace_back(
      cloud::EventDelivery{target.input.apply(event), record.message_group_id.value_or(""), trace_header});
  to_one.roles.push_back(record.role_arn.value_or(""));
  delivery.policy = target.policy;
  delivery.http = target.http.apply(event);
  delivery.event_id = cloud::event_id_of(event.text);
  delivery.partition_key = target.partition_key_of(event);
  if (!record.dead_letter_arn) return;
  if (delivery.payload != event.text) delivery.event = event.text;
  to_one.fallbacks.push_back({to_one.deliveries.size() - 1, target.policy, std::string(event.text)});
}

void Outbox::archive(const std::shared_ptr<ArchivedEvents>& archive, std::string_view event, Time now) {
  const auto is_its = [&](const auto& deposit) { return &deposit->archive() == archive.get(); };
  auto found = std::ranges::find_if(deposits_, is_its);
  if (found == deposits_.end()) found = deposits_.insert(found, std::make_unique<Deposit>(archive, now));
  (*found)->add(event, archived_);
}

void Outbox::refuse(Core& core, const Target& target, const cloud::Undelivered& why, std::string_view event) {
  const std::string& queue = target.policy->dead_letter_queue;
  cloud::tell_rule_failure(core.house.measures, "FailedInvocations", target.policy->source);
  if (core.house.tap.is_watched()) {
    using Outcome = cloud::DeliveryNote::Outcome;
    core.house.tap.note({cloud::event_id_of(event), target.policy->source, target.record.arn,
                         queue.empty() ? Outcome::kDropped : Outcome::kDeadLettered, 1, why.code, why.message});
  }
  if (queue.empty()) return drop(core, target.record.arn, why);
  dead_[queue].push_back(
      cloud::dead_letter(*target.policy, std::string(event), target.record.arn, why.code, why.message));
}

void Outbox::count(const Rule& rule, bool matched) {
  if (!rule.measures) return;
  auto found = std::ranges::find(counts_, rule.measures, &Count::measures);
  if (found == counts_.end()) found = counts_.insert(counts_.end(), Count{rule.measures});
  found->matched += matched ? 1 : 0;
  found->triggered += 1;
  found->invocations += static_cast<double>(rule.targets.size());
  for (const auto& target : rule.targets) {
    if (target->bus || !target->kind->is_outside()) found->inside = true;
  }
}

void Outbox::tell(const std::vector<Count>& counts, Duration took) {
  for (const Count& count : counts) {
    if (count.matched > 0) count.measures->matched->add(1, count.matched);
    count.measures->triggered->add(1, count.triggered);
    if (count.invocations > 0) count.measures->invocations->add(1, count.invocations);
    if (count.inside) count.measures->latency->add(static_cast<double>(took.count()), count.triggered);
  }
}

asio::awaitable<cloud::AfterCommit> append(Core& core, Outbox outbox, store::Batch& batch) {
  const auto settlement = std::make_shared<Settlement>();
  if (!outbox.counts_.empty()) {
    settlement->add([&core, counts = std::move(outbox.counts_), began = core.house.clock.now()](bool committed) {
      if (committed) Outbox::tell(counts, core.house.clock.now() - began);
    });
  }
  for (auto& [arn, to_one] : outbox.outgoing_) {
    co_await append(core, arn, std::move(to_one), batch, *settlement, outbox.dead_);
  }
  for (auto& [queue, letters] : outbox.dead_) co_await bury(core, queue, std::move(letters), batch, *settlement);
  batch.append(outbox.archived_);
  for (auto& owned : outbox.deposits_) {
    std::shared_ptr<Deposit> deposit = std::move(owned);
    deposit->count(batch);
    settlement->add([&core, deposit = std::move(deposit)](bool committed) {
      deposit->settle(committed);
      if (committed) core.figures.archived.add(deposit->events());
    });
  }
  co_return [settlement](bool committed) { settlement->settle(committed); };
}

asio::awaitable<Result<void>> deliver(Core& core, Outbox outbox, store::Batch batch) {
  const cloud::AfterCommit after = co_await append(core, std::move(outbox), batch);
  if (!batch.empty()) {
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (!committed) co_return committed;
  }
  after(true);
  co_return Result<void>();
}

}  // namespace signalbox::events
