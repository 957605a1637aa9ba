// Log groups as targets of rules: an event becomes a log event, in the batch that acknowledges it.
#pragma once

#include "cloud/event_target.h"
#include "services/logs/core.h"

namespace signalbox::logs {

class GroupTarget final : public cloud::EventTarget {
 public:
  explicit GroupTarget(Core& core) : core_(core) {}
  Result<void> check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const override;
  asio::awaitable<cloud::Appended> append(std::string target, std::vector<cloud::EventDelivery> deliveries,
                                          store::Batch& batch) override;

 private:
  asio::awaitable<cloud::Appended> append_here(GroupPtr group, std::vector<cloud::EventDelivery> deliveries,
                                               store::Batch& batch);
  Core& core_;
};

/// What becomes of a rule's payload: an event is its own message, at its own time; what an input transformer made must
/// be {"timestamp": milliseconds, "message": "..."} ("InputTransformer" in the EventBridge API Reference).
struct RuleLogEvent {
  std::optional<Millis> time;  // none: of now
  std::string message;
};
/// Errors: INVALID_PARAMETER for a payload that is neither.
Result<RuleLogEvent> log_event_of(std::string payload);

}  // namespace signalbox::logs
