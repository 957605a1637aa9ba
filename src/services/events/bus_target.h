// Event buses as targets of pipes: an event enters its bus, and what the bus's rules bring is in the same commit.
#pragma once

#include "services/events/core.h"

namespace signalbox::events {

/// Rules forward to buses by themselves (router.h).
class BusTarget final : public cloud::EventTarget {
 public:
  explicit BusTarget(Core& core) : core_(core) {}

  Result<void> check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const override;
  asio::awaitable<cloud::Appended> append(std::string target, std::vector<cloud::EventDelivery> deliveries,
                                          store::Batch& batch) override;

 private:
  Core& core_;
};

}  // namespace signalbox::events
