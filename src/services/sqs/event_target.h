// Queues as targets of event rules.
#pragma once

#include "cloud/event_target.h"

namespace signalbox::sqs {

namespace asio = boost::asio;
class Sqs;

class QueueTarget final : public cloud::EventTarget {
 public:
  explicit QueueTarget(Sqs& sqs) : sqs_(sqs) {}

  Result<void> check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const override;
  asio::awaitable<cloud::Appended> append(std::string target, std::vector<cloud::EventDelivery> deliveries,
                                          store::Batch& batch) override;

 private:
  Sqs& sqs_;
};

}  // namespace signalbox::sqs
