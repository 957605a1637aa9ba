// API destinations as targets of rules: events go out as HTTP requests.
#pragma once

#include "cloud/deliveries.h"
#include "services/events/webhooks/webhooks.h"

namespace signalbox::events {

/// What came of a request to an API destination, and what it answered.
struct Asked {
  cloud::Attempt attempt;
  std::string body = {};
};
/// One request, within kWebhookTimeout. On `shard`'s thread.
asio::awaitable<Asked> ask(const cloud::House& house, Webhooks& webhooks, std::string target, std::string payload,
                           cloud::HttpParameters parameters, cloud::Shard& shard);

class ApiDestinationTarget final : public cloud::OutsideTarget {
 public:
  ApiDestinationTarget(const cloud::House& house, Webhooks& webhooks)
      : OutsideTarget(house.deliveries), house_(house), webhooks_(webhooks) {}

  Result<void> check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const override;
  asio::awaitable<cloud::Attempt> attempt(std::string target, const cloud::Delivery& delivery,
                                          cloud::Shard& shard) override;
  std::int64_t rate(const std::string& target) const override;

 private:
  const cloud::House& house_;
  Webhooks& webhooks_;
};

}  // namespace signalbox::events
