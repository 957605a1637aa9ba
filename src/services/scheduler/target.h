// What a schedule invokes: a queue, an event bus, or any operation of this server (a universal target).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cloud/deliveries.h"
#include "cloud/door.h"
#include "cloud/services.h"
#include "services/scheduler/records.h"

namespace signalbox::scheduler {

namespace asio = boost::asio;

/// The kind of universal targets among event targets: "arn:aws:scheduler:::aws-sdk:sqs:sendMessage".
inline constexpr const char* kUniversalKind = "scheduler:aws-sdk";

/// A schedule's target, compiled once.
struct Target {
  cloud::EventTarget* kind;  // a queue's, or that of universal targets
  bool is_bus;               // an event bus, which is reached by PutEvents

  /// The ARN that `kind` is given.
  std::string goes_to(const TargetRecord& record) const;
  /// What one invocation brings.
  cloud::EventDelivery delivery(const ScheduleId& schedule, const TargetRecord& record, Time scheduled,
                                const std::string& execution_id) const;
};

std::shared_ptr<const cloud::DeliveryPolicy> policy_of(const ScheduleId& schedule, const TargetRecord& record);

/// Errors: ValidationException naming what is wrong or not supported. `check` also asks whether the target can be given
/// to a schedule now (input that fits the operation, a queue that takes such messages).
Result<Target> compile_target(const cloud::House& house, const ScheduleId& schedule, const TargetRecord& record,
                              bool check);

/// Calls the operations that universal targets name, in-process, as the schedule's account.
class UniversalTarget final : public cloud::OutsideTarget {
 public:
  explicit UniversalTarget(const cloud::House& house) : OutsideTarget(house.deliveries), house_(house) {}
  Result<void> check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const override;
  asio::awaitable<cloud::Attempt> attempt(std::string target, const cloud::Delivery& delivery,
                                          cloud::Shard& shard) override;

 private:
  const cloud::House& house_;
};

}  // namespace signalbox::scheduler
