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
  const auto destination = webhooks_.destinations.find_arn(target);
  if (!destination) {
    co_return cloud::Attempt{Outcome::kFailed, "NO_RESOURCE", "API destination " + target + " does not exist."};
  }
  const auto connection = webhooks_.connections.find_arn(destination->connection_arn);
  if (!connection || connection->state == "DEAUTHORIZED") {
    co_return cloud::Attempt{Outcome::kFailed, "NO_PERMISSIONS",
                             "The connection " + destination->connection_arn + " is not authorized."};
  }
  std::string token;
  if (connection->auth.type == kOAuth) {
    auto got = co_await webhooks_.tokens.get(shard, connection);
    if (!got) co_return cloud::Attempt{Outcome::kRetry, "SDK_CLIENT_ERROR", got.error().message};
    token = *std::move(got);
  }
  auto request = webhook_request(*destination, *connection, token, delivery.payload, delivery.http);
  if (!request) co_return cloud::Attempt{Outcome::kFailed, "INVALID_PARAMETER", request.error().message};
  const auto answer = co_await house_.clients.of(shard).send(*std::move(request), kWebhookTimeout);
  if (is_unauthorized(answer)) webhooks_.tokens.forget(shard, connection->arn());
  co_return judge(answer, house_.clock.now());
}

}  // namespace signalbox::events
