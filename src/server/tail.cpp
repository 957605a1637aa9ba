#include "server/tail.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "json/json.h"
#include "server/json_answer.h"

namespace signalbox::server {
namespace {

constexpr std::chrono::seconds kLongestWait{30};

/// A parameter of a query whose values need no decoding.
std::string_view parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
  }
  return {};
}

/// A text member, "" where there is none; empty optional where it is something else.
std::optional<std::string> text_of(json::Value object, std::string_view name) {
  const auto found = object.find(name);
  if (!found) return "";
  if (!found->is_string()) return std::nullopt;
  return found->as_string();
}

http::Response refusal(const Error& error) {
  return error_response(error.http_status == 0 ? 400 : error.http_status, error.message);
}

}  // namespace

asio::awaitable<http::Response> Tail::answer(const http::Request& request) {
  const auto identity = identification_.identify(request);
  if (!identity) co_return refusal(identity.error());
  // What was signed for another service, a link to an object say, is not good for watching events.
  const auto scoped = cloud::Identification::check_service(*identity, "events");
  if (!scoped) co_return refusal(scoped.error());
  if (request.method == "POST") {
    co_return begin(*identity, identity->body ? std::string_view(*identity->body) : request.body);
  }
  if (request.method == "GET") co_return co_await read(identity->scope, request.query());
  co_return error_response(405, "GET or POST.");
}

http::Response Tail::begin(const cloud::Identity& identity, std::string_view body) {
  json::Document document;
  const auto root = document.parse(body.empty() ? std::string_view("{}") : body);
  if (!root || !root->is_object()) return error_response(400, R"(Send {"bus":"default","pattern":"{...}"}.)");
  const auto bus = text_of(*root, "bus");
  const auto pattern = text_of(*root, "pattern");
  if (!bus || !pattern) return error_response(400, "bus and pattern are texts.");
  if (authority_.enforcing()) {
    cloud::Call call;
    call.scope = identity.scope;
    call.principal = identity.principal;
    const std::string name = bus->empty() ? "default" : *bus;
    const auto allowed = authority_.decide(
        call, {"signalbox:Tail", cloud::make_arn("events", call.scope, "event-bus/" + name), call.scope.account});
    if (!allowed) return error_response(403, allowed.error().message);
  }
  const auto watch = tap_.watch({identity.scope, *bus, *pattern});
  if (!watch) return refusal(watch.error());
  return json_response(200, R"({"watch":")" + *watch + "\"}\n");
}

asio::awaitable<http::Response> Tail::read(cloud::Scope scope, std::string_view query) {
  std::int64_t seconds = 0;
  const std::string_view wait = parameter(query, "wait");
  std::from_chars(wait.data(), wait.data() + wait.size(), seconds);
  const auto bounded = std::clamp(std::chrono::seconds(seconds), std::chrono::seconds(0), kLongestWait);
  auto lines = co_await tap_.read(std::move(scope), std::string(parameter(query, "watch")), bounded);
  if (!lines) co_return refusal(lines.error());
  http::Response response = json_response(200, *std::move(lines));
  response.headers = {{"Content-Type", "application/x-ndjson"}};
  co_return response;
}

}  // namespace signalbox::server
