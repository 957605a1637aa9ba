#include "services/events/delivery.h"

#include <algorithm>
#include <utility>

namespace signalbox::events {
namespace {

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

/// What goes to dead-letter queues, by their ARN.
using DeadLetters = std::map<std::string, std::vector<cloud::EventDelivery>, std::less<>>;

void drop(Core& core, const std::string& target, const cloud::Undelivered& undelivered) {
  core.figures.dropped.add(1);
  core.house.log.warning("an event delivery was dropped",
                         {{"target", target}, {"error", undelivered.code}, {"message", undelivered.message}});
}

/// "Using dead-letter queues to process undelivered events" in the EventBridge user guide. Nothing was tried again, so
/// there are no attributes of retries.
cloud::EventDelivery letter_of(Outgoing::DeadLetter letter, const std::string& target,
                               const cloud::Undelivered& undelivered) {
  cloud::EventDelivery delivery{std::move(letter.event), "", ""};
  delivery.attributes = {{"RULE_ARN", std::move(letter.rule)},
                         {"TARGET_ARN", target},
                         {"ERROR_CODE", undelivered.code},
                         {"ERROR_MESSAGE", undelivered.message}};
  return delivery;
}

asio::awaitable<void> append(Core& core, std::string arn, Outgoing outgoing, store::Batch& batch,
                             Settlement& settlement, DeadLetters& dead) {
  const std::size_t count = outgoing.deliveries.size();
  cloud::Appended appended = co_await outgoing.kind->append(arn, std::move(outgoing.deliveries), batch);
  core.figures.deliveries.add(count - appended.undelivered.size());
  if (appended.after) settlement.add(std::move(appended.after));
  for (const cloud::Undelivered& undelivered : appended.undelivered) {
    const auto letter = std::ranges::find(outgoing.dead_letters, undelivered.delivery, &Outgoing::DeadLetter::delivery);
    if (letter == outgoing.dead_letters.end()) {
      drop(core, arn, undelivered);
    } else {
      dead[letter->queue].push_back(letter_of(*letter, arn, undelivered));
    }
  }
}

asio::awaitable<void> bury(Core& core, std::string queue, std::vector<cloud::EventDelivery> letters,
                           store::Batch& batch, Settlement& settlement) {
  const std::size_t count = letters.size();
  cloud::EventTarget* queues = core.house.event_targets.find(kDeadLetterService);
  cloud::Appended appended = co_await queues->append(queue, std::move(letters), batch);
  core.figures.dead_lettered.add(count - appended.undelivered.size());
  if (appended.after) settlement.add(std::move(appended.after));
  for (const cloud::Undelivered& undelivered : appended.undelivered) drop(core, queue, undelivered);
}

}  // namespace

void add_deliveries(OutgoingByArn& outgoing, const Rule& rule, const MatchedEvent& event,
                    const std::string& trace_header) {
  for (const auto& target : rule.targets) {
    const TargetRecord& record = target->record;
    auto& to_one = outgoing.try_emplace(record.arn, Outgoing{target->kind, {}}).first->second;
    if (record.dead_letter_arn) {
      to_one.dead_letters.push_back(
          {to_one.deliveries.size(), *record.dead_letter_arn, rule.arn, std::string(event.text)});
    }
    to_one.deliveries.push_back({target->input.apply(event), record.message_group_id.value_or(""), trace_header});
  }
}

asio::awaitable<Result<void>> deliver(Core& core, OutgoingByArn outgoing, store::Batch batch) {
  Settlement settlement;
  DeadLetters dead;
  for (auto& [arn, to_one] : outgoing) co_await append(core, arn, std::move(to_one), batch, settlement, dead);
  for (auto& [queue, letters] : dead) co_await bury(core, queue, std::move(letters), batch, settlement);
  if (!batch.empty()) {
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (!committed) co_return committed;
  }
  settlement.settle(true);
  co_return Result<void>();
}

}  // namespace signalbox::events
