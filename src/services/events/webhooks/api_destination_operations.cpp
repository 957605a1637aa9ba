#include "http/client.h"
#include "models/events.h"
#include "services/events/core.h"
#include "services/events/page.h"

namespace signalbox::events {
namespace {

namespace m = models::events;
using cloud::Call;

/// AWS's quota of API destinations in an account and Region.
constexpr std::size_t kMaxApiDestinations = 3000;

std::unexpected<Error> no_such_destination(const std::string& name) {
  return fail("ResourceNotFoundException",
              "Failed to describe the api-destination(s). An api-destination '" + name + "' does not exist.");
}

/// AWS: the destination works as long as its connection does.
std::string state_of(Core& core, const ApiDestination& destination) {
  const auto connection = core.webhooks.connections.find_arn(destination.connection_arn);
  return connection && connection->state != "DEAUTHORIZED" ? "ACTIVE" : "INACTIVE";
}

Result<void> check(Core& core, const ApiDestination& destination) {
  const auto connection = core.webhooks.connections.find_arn(destination.connection_arn);
  if (!connection || connection->scope != destination.scope) {
    return fail("ResourceNotFoundException", "Connection '" + destination.connection_arn + "' does not exist.");
  }
  if (!http::Url::parse(destination.endpoint)) {
    return fail("ValidationException", "Parameter InvocationEndpoint is not valid: " + destination.endpoint + ".");
  }
  return {};
}

template <class Response>
Response answer_of(Core& core, const ApiDestination& destination) {
  Response response;
  response.api_destination_arn = destination.arn();
  response.api_destination_state = state_of(core, destination);
  response.creation_time = destination.created;
  response.last_modified_time = destination.modified;
  return response;
}

asio::awaitable<Result<void>> save(Core& core, ApiDestination destination) {
  store::Batch batch;
  batch.put(key_of(destination), store::encode(destination));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (done) core.webhooks.destinations.put(std::move(destination));
  co_return done;
}

asio::awaitable<Result<m::CreateApiDestinationResponse>> create(Core& core, const Call& call,
                                                                m::CreateApiDestinationRequest request) {
  ApiDestination destination;
  destination.scope = call.scope;
  destination.name = request.name.value_or("");
  destination.id = core.house.random.uuid();
  destination.description = request.description;
  destination.connection_arn = request.connection_arn.value_or("");
  destination.endpoint = request.invocation_endpoint.value_or("");
  destination.method = request.http_method.value_or("");
  destination.rate = request.invocation_rate_limit_per_second.value_or(kDefaultRate);
  destination.created = destination.modified = core.house.clock.now();
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (core.webhooks.destinations.find(call.scope, destination.name)) {
      co_return fail("ResourceAlreadyExistsException", "An api-destination '" + destination.name + "' already exists.");
    }
    if (core.webhooks.destinations.list(call.scope).size() >= kMaxApiDestinations) co_return limit_exceeded();
    if (auto checked = check(core, destination); !checked) co_return checked;
    Result<void> saved = co_await save(core, destination);
    co_return saved;
  };
  Result<void> done = co_await alone(core.house, core.webhooks, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return answer_of<m::CreateApiDestinationResponse>(core, destination);
}

asio::awaitable<Result<m::UpdateApiDestinationResponse>> update(Core& core, const Call& call,
                                                                m::UpdateApiDestinationRequest request) {
  auto work = [&]() -> asio::awaitable<Result<m::UpdateApiDestinationResponse>> {
    const auto current = core.webhooks.destinations.find(call.scope, request.name.value_or(""));
    if (!current) co_return no_such_destination(request.name.value_or(""));
    ApiDestination changed = *current;
    if (request.description) changed.description = request.description;
    if (request.connection_arn) changed.connection_arn = *request.connection_arn;
    if (request.invocation_endpoint) changed.endpoint = *request.invocation_endpoint;
    if (request.http_method) changed.method = *request.http_method;
    if (request.invocation_rate_limit_per_second) changed.rate = *request.invocation_rate_limit_per_second;
    if (auto checked = check(core, changed); !checked) co_return std::unexpected(std::move(checked).error());
    changed.modified = core.house.clock.now();
    Result<void> saved = co_await save(core, changed);
    if (!saved) co_return std::unexpected(std::move(saved).error());
    co_return answer_of<m::UpdateApiDestinationResponse>(core, changed);
  };
  co_return co_await alone(core.house, core.webhooks, std::ref(work));
}

asio::awaitable<Result<m::DeleteApiDestinationResponse>> remove(Core& core, const Call& call,
                                                                m::DeleteApiDestinationRequest request) {
  auto work = [&]() -> asio::awaitable<Result<m::DeleteApiDestinationResponse>> {
    const auto current = core.webhooks.destinations.find(call.scope, request.name.value_or(""));
    if (!current) co_return no_such_destination(request.name.value_or(""));
    store::Batch batch;
    batch.erase(key_of(*current));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error());
    core.webhooks.destinations.erase(call.scope, current->name);
    co_return m::DeleteApiDestinationResponse{};
  };
  co_return co_await alone(core.house, core.webhooks, std::ref(work));
}

template <class Response>
Response shown(Core& core, const ApiDestination& destination) {
  auto out = answer_of<Response>(core, destination);
  out.name = destination.name;
  out.connection_arn = destination.connection_arn;
  out.invocation_endpoint = destination.endpoint;
  out.http_method = destination.method;
  out.invocation_rate_limit_per_second = static_cast<std::int32_t>(destination.rate);
  return out;
}

asio::awaitable<Result<m::DescribeApiDestinationResponse>> describe(Core& core, const Call& call,
                                                                    m::DescribeApiDestinationRequest request) {
  const auto destination = core.webhooks.destinations.find(call.scope, request.name.value_or(""));
  if (!destination) co_return no_such_destination(request.name.value_or(""));
  auto response = shown<m::DescribeApiDestinationResponse>(core, *destination);
  response.description = destination->description;
  co_return response;
}

asio::awaitable<Result<m::ListApiDestinationsResponse>> list(Core& core, const Call& call,
                                                             m::ListApiDestinationsRequest request) {
  m::ListApiDestinationsResponse response;
  auto& destinations = response.api_destinations.emplace();
  auto next = page(core.webhooks.destinations.list(call.scope),
                   {"api-destinations", request.name_prefix.value_or(""), request.next_token, request.limit},
                   [&](const std::string&, const Registry<ApiDestination>::Pointer& destination) {
                     if (request.connection_arn && *request.connection_arn != destination->connection_arn) return false;
                     destinations.push_back(shown<m::ApiDestination>(core, *destination));
                     return true;
                   });
  if (!next) co_return std::unexpected(std::move(next).error());
  response.next_token = *std::move(next);
  co_return response;
}

}  // namespace

void register_api_destination_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kCreateApiDestination, [&core](const Call& call, m::CreateApiDestinationRequest request) {
    return create(core, call, std::move(request));
  });
  door.handle(m::kUpdateApiDestination, [&core](const Call& call, m::UpdateApiDestinationRequest request) {
    return update(core, call, std::move(request));
  });
  door.handle(m::kDeleteApiDestination, [&core](const Call& call, m::DeleteApiDestinationRequest request) {
    return remove(core, call, std::move(request));
  });
  door.handle(m::kDescribeApiDestination, [&core](const Call& call, m::DescribeApiDestinationRequest request) {
    return describe(core, call, std::move(request));
  });
  door.handle(m::kListApiDestinations, [&core](const Call& call, m::ListApiDestinationsRequest request) {
    return list(core, call, std::move(request));
  });
}

}  // namespace signalbox::events
