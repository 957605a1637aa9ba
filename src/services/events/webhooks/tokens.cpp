#include <algorithm>

#include "json/json.h"
#include "services/events/webhooks/request.h"
#include "services/events/webhooks/webhooks.h"

namespace signalbox::events {
namespace {

/// Of tokens whose endpoint names no end, and the longest that is believed.
constexpr auto kDefaultLife = std::chrono::hours(1);
constexpr auto kLongestLife = std::chrono::hours(24);
/// So long before its end a token is not used any more.
constexpr auto kMargin = std::chrono::seconds(60);
constexpr std::size_t kMaxTokenBytes = 16 * 1024;

struct Granted {
  std::string token;
  Duration life = kDefaultLife;
};

Result<Granted> read_answer(const Result<http::ClientResponse>& answer) {
  if (!answer) return fail("AuthorizationFailed", answer.error().message);
  if (answer->status < 200 || answer->status >= 300) {
    return fail("AuthorizationFailed",
                "The authorization endpoint returned HTTP status code " + std::to_string(answer->status) + ".");
  }
  json::Document document;
  const auto root = document.parse(answer->body);
  const auto token = root ? root->find("access_token") : std::nullopt;
  if (!token || !token->is_string() || token->raw().size() > kMaxTokenBytes) {
    return fail("AuthorizationFailed", "The authorization endpoint returned no access_token.");
  }
  Granted granted{token->as_string()};
  const bool printable = std::ranges::all_of(granted.token, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!printable || granted.token.empty()) {
    return fail("AuthorizationFailed", "The authorization endpoint returned a token that no header can hold.");
  }
  const auto expires = root->find("expires_in");
  if (expires && expires->is_number() && expires->as_double() > 0) {
    const double longest = std::chrono::duration<double>(kLongestLife).count();
    granted.life = std::chrono::milliseconds(static_cast<std::int64_t>(std::min(expires->as_double(), longest) * 1000));
  }
  return granted;
}

}  // namespace

asio::awaitable<Result<std::string>> Tokens::get(cloud::Shard& shard, Registry<Connection>::Pointer connection) {
  std::shared_ptr<Token>& kept = by_shard_[shard.index()][connection->arn()];
  if (!kept) kept = std::make_shared<Token>();
  const std::shared_ptr<Token> token = kept;
  const auto turn = co_await token->turns.take();  // one asks, the others wait for its answer
  if (token->revision == connection->revision && !token->text.empty() && house_.clock.now() < token->ends) {
    co_return token->text;
  }
  Result<std::string> fetched = co_await fetch(shard, connection);
  co_return fetched;
}

asio::awaitable<Result<std::string>> Tokens::fetch(cloud::Shard& shard, Registry<Connection>::Pointer connection) {
  std::shared_ptr<Token>& kept = by_shard_[shard.index()][connection->arn()];
  if (!kept) kept = std::make_shared<Token>();
  const std::shared_ptr<Token> token = kept;
  token->text.clear();
  auto request = token_request(*connection);
  if (!request) co_return std::unexpected(std::move(request).error());
  const auto answer = co_await house_.clients.of(shard).send(*std::move(request), kWebhookTimeout);
  auto granted = read_answer(answer);
  if (!granted) co_return std::unexpected(std::move(granted).error());
  token->text = granted->token;
  token->revision = connection->revision;
  token->ends = house_.clock.now() + std::max(granted->life - kMargin, granted->life / 2);
  co_return std::move(granted->token);
}

void Tokens::forget(cloud::Shard& shard, const std::string& connection_arn) {
  auto& tokens = by_shard_[shard.index()];
  if (const auto found = tokens.find(connection_arn); found != tokens.end()) found->second->text.clear();
}

}  // namespace signalbox::events
