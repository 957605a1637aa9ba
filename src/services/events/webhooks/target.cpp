#include "services/events/webhooks/target.h"

#include "services/events/webhooks/request.h"

namespace signalbox::events {
namespace {

using Outcome = cloud::Attempt::Outcome;

}  // namespace

Result<void> ApiDestinationTarget::check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const {
  if (parameters.message_group_id) return cloud::not_for_this_target("SqsParameters", parameters.id);
  if (webhooks_.destinations.find_arn(target.text())) return {};
  return fail("ResourceNotFoundException", "API destination " + target.text() + " does not exist.");
}

std::int64_t ApiDestinationTarget::rate(const std::string& target) const {
  const auto destination = webhooks_.destinations.find_arn(target);
  return destination ? destination->rate : 0;
}

asio::awaitable<cloud::Attempt> ApiDestinationTarget::attempt(std::string target, const cloud::Delivery& delivery,
                                                              cloud::Shard& shard) {
  Asked asked = co_await ask(house_, webhooks_, std::move(target), delivery.payload, delivery.http, shard);
  co_return std::move(asked.attempt);
}

asio::awaitable<Asked> ask(const cloud::House& house, Webhooks& webhooks, std::string target, std::string payload,
                           cloud::HttpParameters parameters, cloud::Shard& shard) {
  const auto destination = webhooks.destinations.find_arn(target);
  if (!destination) {
    co_return Asked{{Outcome::kFailed, "NO_RESOURCE", "API destination " + target + " does not exist."}};
  }
  const auto connection = webhooks.connections.find_arn(destination->connection_arn);
  if (!connection || connection->state == "DEAUTHORIZED") {
    co_return Asked{
        {Outcome::kFailed, "NO_PERMISSIONS", "The connection " + destination->connection_arn + " is not authorized."}};
  }
  std::string token;
  if (connection->auth.type == kOAuth) {
    auto got = co_await webhooks.tokens.get(shard, connection);
    if (!got) co_return Asked{{Outcome::kRetry, "SDK_CLIENT_ERROR", got.error().message}};
    token = *std::move(got);
  }
  auto request = webhook_request(*destination, *connection, token, payload, parameters);
  if (!request) co_return Asked{{Outcome::kFailed, "INVALID_PARAMETER", request.error().message}};
  const auto answer = co_await house.clients.of(shard).send(*std::move(request), kWebhookTimeout);
  if (is_unauthorized(answer)) webhooks.tokens.forget(shard, connection->arn());
  co_return Asked{judge(answer, house.clock.now()), answer ? answer->body : ""};
}

}  // namespace signalbox::events
