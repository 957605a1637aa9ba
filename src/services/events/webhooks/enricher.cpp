#include "services/events/webhooks/enricher.h"

#include "services/events/webhooks/target.h"

namespace signalbox::events {

Result<void> ApiDestinationEnricher::check(const std::string& arn) const {
  if (webhooks_.destinations.find_arn(arn)) return {};
  return fail("NotFoundException", "API destination " + arn + " does not exist.");
}

asio::awaitable<Result<std::string>> ApiDestinationEnricher::enrich(std::string arn, std::string payload,
                                                                    cloud::HttpParameters parameters,
                                                                    cloud::Shard& shard) {
  Asked asked = co_await ask(house_, webhooks_, arn, payload, parameters, shard);
  if (asked.attempt.outcome == cloud::Attempt::Outcome::kDelivered) co_return std::move(asked.body);
  co_return fail(asked.attempt.code, asked.attempt.message);
}

}  // namespace signalbox::events
