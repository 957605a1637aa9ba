// HTTP and HTTPS endpoints ("Using Amazon SNS to send messages to HTTP/HTTPS endpoints").

#include "base/encoding.h"
#include "services/sns/http_endpoint.h"
#include "services/sns/outside.h"

namespace signalbox::sns {
namespace {

using Outcome = cloud::Attempt::Outcome;

/// How long an endpoint may take to answer: AWS's.
constexpr std::chrono::seconds kHttpTimeout{15};
constexpr int kUnauthorized = 401;
constexpr int kHttpTooManyRequests = 429;

cloud::Attempt judge(const Result<http::ClientResponse>& answer) {
  if (!answer) {
    // An address that is forbidden stays forbidden; all else may pass.
    const std::string& code = answer.error().code;
    const bool never = code == "AddressNotPermitted" || code == "InvalidRequest";
    return {never ? Outcome::kFailed : Outcome::kRetry, code == "Timeout" ? "TIMEOUT" : "CONNECTION_FAILURE",
            answer.error().message};
  }
  if (answer->status >= 200 && answer->status < 300) return {};
  const bool passes = answer->status >= 500 || answer->status == kHttpTooManyRequests;
  return {passes ? Outcome::kRetry : Outcome::kFailed, "ERROR_FROM_TARGET",
          "The endpoint answered with status " + std::to_string(answer->status) + "."};
}

}  // namespace

std::optional<HttpEndpoint> HttpEndpoint::parse(std::string_view text) {
  HttpEndpoint endpoint;
  std::string plain(text);
  const auto begin = plain.find("://");
  const auto at = plain.find('@');
  const auto path = begin == std::string::npos ? begin : plain.find('/', begin + 3);
  if (begin != std::string::npos && at != std::string::npos && (path == std::string::npos || at < path)) {
    const auto given = percent_decode(std::string_view(plain).substr(begin + 3, at - begin - 3));
    if (!given) return std::nullopt;
    endpoint.credentials = *given;
    plain.erase(begin + 3, at - begin - 2);
  }
  auto url = http::Url::parse(plain);
  if (!url) return std::nullopt;
  endpoint.url = *std::move(url);
  return endpoint;
}

std::string without_password(const std::string& endpoint) {
  const auto begin = endpoint.find("://");
  if (begin == std::string::npos || !endpoint.starts_with("http")) return endpoint;
  const auto path = endpoint.find('/', begin + 3);
  const auto at = endpoint.substr(0, path).rfind('@');
  const auto colon = endpoint.find(':', begin + 3);
  if (at == std::string::npos || colon == std::string::npos || colon > at) return endpoint;
  return endpoint.substr(0, colon + 1) + "****" + endpoint.substr(at);
}

asio::awaitable<cloud::Attempt> attempt_http(http::Client& client, const Errand& errand, std::string body) {
  const auto endpoint = HttpEndpoint::parse(errand.endpoint);
  if (!endpoint) co_return cloud::Attempt{Outcome::kFailed, "INVALID_PARAMETER", "The endpoint is no URL."};
  http::ClientRequest request{"POST", endpoint->url, {}, std::move(body)};
  for (const auto& [name, value] : errand.headers) request.headers.emplace_back(name, value);
  Result<http::ClientResponse> answer = co_await client.send(request, kHttpTimeout);
  if (answer && answer->status == kUnauthorized && !endpoint->credentials.empty() &&
      answer->header("WWW-Authenticate").starts_with("Basic")) {
    request.headers.emplace_back("Authorization", "Basic " + to_base64(endpoint->credentials));
    answer = co_await client.send(std::move(request), kHttpTimeout);
  }
  co_return judge(answer);
}

}  // namespace signalbox::sns
