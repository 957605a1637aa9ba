// Topics as targets of rules, schedules and alarms.
#pragma once

#include "services/sns/core.h"

namespace signalbox::sns {

class TopicTarget final : public cloud::EventTarget {
 public:
  explicit TopicTarget(Core& core) : core_(core) {}

  Result<void> check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const override;
  /// A delivery's attribute "Subject" is the notifications' subject.
  asio::awaitable<cloud::Appended> append(std::string target, std::vector<cloud::EventDelivery> deliveries,
                                          store::Batch& batch) override;

 private:
  Core& core_;
};

}  // namespace signalbox::sns
