#include "cloud/service_events.h"

namespace signalbox::cloud {

asio::awaitable<AfterCommit> ServiceEvents::append(std::vector<ServiceEvent> events, store::Batch& batch) const {
  if (!buses_ || events.empty()) co_return [](bool) {};
  co_return co_await buses_->append(std::move(events), batch);
}

asio::awaitable<Result<void>> ServiceEvents::put(std::vector<ServiceEvent> events, store::Batch batch) const {
  const AfterCommit after = co_await append(std::move(events), batch);
  Result<void> committed;
  if (!batch.empty()) committed = co_await store_.commit(std::move(batch));
  after(committed.has_value());
  co_return committed;
}

}  // namespace signalbox::cloud
