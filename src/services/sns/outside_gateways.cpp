// SMS and mobile push, through gateways that an operator configures: each message is one POST of a JSON object.

#include "json/json.h"
#include "services/sns/outside.h"

namespace signalbox::sns {
namespace {

using Outcome = cloud::Attempt::Outcome;

constexpr std::chrono::seconds kTimeout{15};
constexpr int kGone = 410;
constexpr int kTooManyRequests = 429;

}  // namespace

std::string gateway_request(const Fields& fields) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  for (const auto& [name, value] : fields) {
    writer.member(name, value);
  }
  writer.end_object();
  return text;
}

asio::awaitable<GatewayAnswer> ask_gateway(http::Client& client, std::string url, std::string body) {
  const auto parsed = http::Url::parse(url);
  if (!parsed) {
    co_return GatewayAnswer{{Outcome::kFailed, "INVALID_PARAMETER", "The gateway's URL cannot be read."}, false};
  }
  http::ClientRequest request{"POST", *parsed, {{"Content-Type", "application/json"}}, std::move(body)};
  const auto answer = co_await client.send(std::move(request), kTimeout);
  if (!answer) {
    co_return GatewayAnswer{
        {Outcome::kRetry, answer.error().code == "Timeout" ? "TIMEOUT" : "CONNECTION_FAILURE", answer.error().message},
        false};
  }
  if (answer->status >= 200 && answer->status < 300) co_return GatewayAnswer{};
  const bool passes = answer->status >= 500 || answer->status == kTooManyRequests;
  co_return GatewayAnswer{{passes ? Outcome::kRetry : Outcome::kFailed, "ERROR_FROM_TARGET",
                           "The gateway answered with status " + std::to_string(answer->status) + "."},
                          answer->status == kGone};
}

}  // namespace signalbox::sns
