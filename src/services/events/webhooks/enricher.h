// API destinations as enrichments of pipes: what the endpoint answers takes the event's place.
#pragma once

#include "cloud/pipe_ends.h"
#include "services/events/webhooks/webhooks.h"

namespace signalbox::events {

class ApiDestinationEnricher final : public cloud::Enricher {
 public:
  ApiDestinationEnricher(const cloud::House& house, Webhooks& webhooks) : house_(house), webhooks_(webhooks) {}

  Result<void> check(const std::string& arn) const override;
  asio::awaitable<Result<std::string>> enrich(std::string arn, std::string payload, cloud::HttpParameters parameters,
                                              cloud::Shard& shard) override;

 private:
  const cloud::House& house_;
  Webhooks& webhooks_;
};

}  // namespace signalbox::events
