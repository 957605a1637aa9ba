// Connections and API destinations as the rest of the service has them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cloud/services.h"
#include "cloud/turns.h"
#include "services/events/webhooks/api_destination.h"
#include "services/events/webhooks/connection.h"
#include "services/events/webhooks/registry.h"

namespace signalbox::events {

namespace asio = boost::asio;

/// How long an endpoint may take to answer (AWS: API destinations).
inline constexpr Duration kWebhookTimeout = std::chrono::seconds(5);

/// Access tokens of OAuth connections, kept until they end. Each shard has its own.
class Tokens {
 public:
  explicit Tokens(const cloud::House& house) : house_(house), by_shard_(house.shards.count()) {}

  /// The connection's token; asks for one where there is none, or the one there is will end soon. On `shard`'s thread.
  /// Errors: those of the endpoint, in words.
  asio::awaitable<Result<std::string>> get(cloud::Shard& shard, Registry<Connection>::Pointer connection);
  /// Forgets the token: it was not taken. On `shard`'s thread.
  void forget(cloud::Shard& shard, const std::string& connection_arn);
  /// Asks for a token, whatever there is. On `shard`'s thread.
  asio::awaitable<Result<std::string>> fetch(cloud::Shard& shard, Registry<Connection>::Pointer connection);

 private:
  struct Token {
    cloud::Turns turns = {};
    std::string text = {};
    Time ends = {};
    std::uint64_t revision = 0;
  };
  const cloud::House& house_;
  std::vector<std::map<std::string, std::shared_ptr<Token>>> by_shard_;
};

struct Webhooks {
  explicit Webhooks(const cloud::House& house) : tokens(house) {}
  Registry<Connection> connections;
  Registry<ApiDestination> destinations;
  Tokens tokens;
  cloud::Turns turns;  // of changes; on shard 0
};

/// Runs the coroutine `work()` where connections and API destinations are changed, alone.
template <class Work>
auto alone(const cloud::House& house, Webhooks& webhooks, Work work) -> std::invoke_result_t<Work&> {
  auto in_turn = [&]() -> std::invoke_result_t<Work&> {
    const auto turn = co_await webhooks.turns.take();
    co_return co_await work();
  };
  co_return co_await cloud::on(house.shards.at(0), std::ref(in_turn));
}

}  // namespace signalbox::events
