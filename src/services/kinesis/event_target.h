// Streams as targets of event rules and schedules.
#pragma once

#include "cloud/event_target.h"
#include "services/kinesis/core.h"

namespace signalbox::kinesis {

/// Records are in the batch that acknowledges the event. The throughput of shards is charged, and refuses nothing: AWS
/// tries such deliveries again until they are through.
class StreamTarget final : public cloud::EventTarget {
 public:
  explicit StreamTarget(Core& core) : core_(core) {}

  Result<void> check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const override;
  asio::awaitable<cloud::Appended> append(std::string target, std::vector<cloud::EventDelivery> deliveries,
                                          store::Batch& batch) override;

 private:
  Core& core_;
};

}  // namespace signalbox::kinesis
