// What services of this server put on default buses.
#pragma once

#include "cloud/service_events.h"
#include "services/events/core.h"

namespace signalbox::events {

class OwnEvents final : public cloud::ServiceEvents::Buses {
 public:
  explicit OwnEvents(Core& core) : core_(core) {}

  bool wanted(const cloud::Scope& scope) const override;
  asio::awaitable<cloud::AfterCommit> append(std::vector<cloud::ServiceEvent> events, store::Batch& batch) override;

 private:
  Core& core_;
};

}  // namespace signalbox::events
