#include "services/events/delivery.h"

#include <algorithm>
#include <utility>

#include "cloud/rule_failures.h"

namespace signalbox::events {
namespace {

constexpr const char* kPrincipal = "events.amazonaws.com";
using Failure = cloud::Outbox::Failure;
using Outcome = cloud::DeliveryNote::Outcome;

/// Counts what was not delivered, and says so in the log where it is lost.
void tell_of(Core& core, const Failure& failure) {
  cloud::tell_rule_failure(core.house.measures, "FailedInvocations", failure.source);
  if (failure.letter == Failure::Letter::kSent) {
    core.figures.dead_lettered.add(1);
    return cloud::tell_rule_failure(core.house.measures, "InvocationsSentToDlq", failure.source);
  }
  core.figures.dropped.add(1);
  const bool buried = failure.letter == Failure::Letter::kLost;
  core.house.log.warning("an event delivery was dropped", {{"target", buried ? failure.queue : failure.target},
                                                           {"error", failure.code},
                                                           {"message", buried ? failure.why_lost : failure.message}});
  if (buried) cloud::tell_rule_failure(core.house.measures, "InvocationsFailedToBeSentToDlq", failure.source);
}

}  // namespace

Outbox::Outbox(Core& core) : outgoing_(core.house, {.service = kPrincipal}), core_(core) {}

void Outbox::add(const Target& target, const MatchedEvent& event, const std::string& trace_header) {
  const TargetRecord& record = target.record;
  cloud::EventDelivery delivery{target.input.apply(event), record.message_group_id.value_or(""), trace_header};
  delivery.policy = target.policy;
  delivery.http = target.http.apply(event);
  delivery.event_id = cloud::event_id_of(event.text);
  delivery.partition_key = target.partition_key_of(event);
  if (record.dead_letter_arn && delivery.payload != event.text) delivery.event = event.text;
  if (core_.house.tap.is_watched()) {
    notes_.push_back(
        {outgoing_.count(), delivery.event_id, target.policy->source, record.arn, target.kind->is_outside()});
  }
  outgoing_.add(target.kind, record.arn, std::move(delivery), record.role_arn.value_or(""));
}

void Outbox::refuse(const Target& target, const cloud::Undelivered& why, std::string_view event) {
  cloud::EventDelivery delivery;
  delivery.payload = event;
  delivery.policy = target.policy;
  delivery.event_id = cloud::event_id_of(event);
  if (core_.house.tap.is_watched()) {
    notes_.push_back({outgoing_.count(), delivery.event_id, target.policy->source, target.record.arn, false});
  }
  outgoing_.add_failed(target.record.arn, std::move(delivery), why.code, why.message);
}

void Outbox::archive(const std::shared_ptr<ArchivedEvents>& archive, std::string_view event, Time now) {
  const auto is_its = [&](const auto& deposit) { return &deposit->archive() == archive.get(); };
  auto found = std::ranges::find_if(deposits_, is_its);
  if (found == deposits_.end()) found = deposits_.insert(found, std::make_unique<Deposit>(archive, now));
  (*found)->add(event, archived_);
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

void Outbox::tell(Core& core, const std::vector<Note>& notes, const std::vector<Failure>& failures) {
  for (const Note& note : notes) {
    const auto failure = std::ranges::find(failures, note.delivery, &Failure::delivery);
    if (failure == failures.end()) {
      // What goes outside is told of when it gets there.
      if (!note.outside) core.house.tap.note({note.event_id, note.rule, note.target, Outcome::kDelivered, 1, "", ""});
      continue;
    }
    const Outcome outcome = failure->letter == Failure::Letter::kNone ? Outcome::kDropped : Outcome::kDeadLettered;
    core.house.tap.note({note.event_id, note.rule, note.target, outcome, 1, failure->code, failure->message});
  }
}

asio::awaitable<cloud::AfterCommit> append(Core& core, Outbox outbox, store::Batch& batch) {
  cloud::Settlement settlement;
  if (!outbox.counts_.empty()) {
    settlement.add([&core, counts = std::move(outbox.counts_), began = core.house.clock.now()](bool committed) {
      if (committed) Outbox::tell(counts, core.house.clock.now() - began);
    });
  }
  std::vector<Failure> failures = co_await outbox.outgoing_.append(batch, settlement);
  core.figures.deliveries.add(outbox.outgoing_.count() - failures.size());
  for (const Failure& failure : failures) tell_of(core, failure);
  if (!outbox.notes_.empty()) {
    settlement.add([&core, notes = std::move(outbox.notes_), failures = std::move(failures)](bool committed) {
      if (committed) Outbox::tell(core, notes, failures);
    });
  }
  batch.append(outbox.archived_);
  for (auto& owned : outbox.deposits_) {
    std::shared_ptr<Deposit> deposit = std::move(owned);
    deposit->count(batch);
    settlement.add([&core, deposit = std::move(deposit)](bool committed) {
      deposit->settle(committed);
      if (committed) core.figures.archived.add(deposit->events());
    });
  }
  co_return cloud::Settlement::as_one(std::move(settlement));
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
