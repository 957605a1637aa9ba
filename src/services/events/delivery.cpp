#include "services/events/delivery.h"

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

/// Appends to one target; a target that cannot take its deliveries loses them and nobody else does.
asio::awaitable<void> append(Core& core, std::string arn, Outgoing outgoing, store::Batch& batch,
                             Settlement& settlement) {
  const std::size_t count = outgoing.deliveries.size();
  Result<cloud::AfterCommit> after = co_await outgoing.kind->append(arn, std::move(outgoing.deliveries), batch);
  if (!after) {
    core.figures.dropped.add(count);
    core.house.log.warning("event deliveries dropped", {{"target", arn},
                                                        {"count", std::to_string(count)},
                                                        {"error", after.error().code},
                                                        {"message", after.error().message}});
    co_return;
  }
  core.figures.deliveries.add(count);
  if (*after) settlement.add(*std::move(after));
}

}  // namespace

void add_deliveries(OutgoingByArn& outgoing, const Rule& rule, const MatchedEvent& event,
                    const std::string& trace_header) {
  for (const auto& target : rule.targets) {
    auto& to_one = outgoing.try_emplace(target->record.arn, Outgoing{target->kind, {}}).first->second;
    to_one.deliveries.push_back(
        {target->input.apply(event), target->record.message_group_id.value_or(""), trace_header});
  }
}

asio::awaitable<Result<void>> deliver(Core& core, OutgoingByArn outgoing, store::Batch batch) {
  Settlement settlement;
  for (auto& [arn, to_one] : outgoing) co_await append(core, arn, std::move(to_one), batch, settlement);
  if (!batch.empty()) {
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (!committed) co_return committed;
  }
  settlement.settle(true);
  co_return Result<void>();
}

}  // namespace signalbox::events
