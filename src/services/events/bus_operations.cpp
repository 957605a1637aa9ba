#include "cloud/saved_policy.h"
#include "models/events.h"
#include "services/events/core.h"
#include "services/events/page.h"
#include "services/events/tags.h"

namespace signalbox::events {
namespace {

namespace m = models::events;
using cloud::Call;

/// AWS's quota of event buses in an account and Region.
constexpr std::size_t kMaxBuses = 100;

Result<void> check_create(const m::CreateEventBusRequest& request) {
  if (request.event_source_name) return not_supported_yet("EventSourceName", ": there are no partner event sources");
  if (request.kms_key_identifier) return not_supported_yet("KmsKeyIdentifier");
  if (request.dead_letter_config) return not_supported_yet("DeadLetterConfig");
  if (request.log_config) return not_supported_yet("LogConfig");
  const std::string name = request.name.value_or("");
  if (name.find('/') != std::string::npos) {
    return fail("ValidationException", "Event bus name must not contain '/'.");
  }
  if (name == kDefaultBus) return fail("ResourceAlreadyExistsException", "Event bus default already exists.");
  return {};
}

asio::awaitable<Result<m::CreateEventBusResponse>> create(Core& core, const Call& call,
                                                          m::CreateEventBusRequest request) {
  if (auto checked = check_create(request); !checked) co_return std::unexpected(std::move(checked).error());
  BusRecord record;
  if (auto merged = put_tags(record.tags, cloud::tag_list(request.tags)); !merged)
    co_return std::unexpected(merged.error());
  record.description = request.description;
  record.created = record.modified = core.house.clock.now();
  const BusId id{call.scope, request.name.value_or("")};
  if (core.buses.list(call.scope).size() >= kMaxBuses + 1) co_return limit_exceeded();

  bool created = false;
  while (!created) {
    const BusPtr bus = core.buses.make(id);
    auto work = [&]() -> asio::awaitable<Result<void>> {
      if (core.buses.find(id) != bus) co_return Result<void>();  // deleted since: again with its successor
      if (bus->record()) {
        co_return fail("ResourceAlreadyExistsException", "Event bus " + id.name + " already exists.");
      }
      store::Batch batch;
      batch.put(bus_key(id), store::encode(record));
      Result<void> done = co_await core.house.store.commit(std::move(batch));
      if (done) bus->set_record(record);
      created = done.has_value();
      co_return done;
    };
    Result<void> done = co_await in_turn(bus, std::ref(work));
    if (!done) co_return std::unexpected(std::move(done).error());
  }
  m::CreateEventBusResponse response;
  response.event_bus_arn = id.arn();
  response.description = request.description;
  co_return response;
}

/// A default bus comes to be when it is first looked at or changed.
asio::awaitable<Result<void>> date_default_bus(Core& core, BusPtr bus) {
  const auto known = bus->record();
  if (!bus->id().is_default() || !known || known->created) co_return Result<void>();
  auto work = [&]() -> asio::awaitable<Result<void>> {
    BusRecord dated = *bus->record();
    if (dated.created) co_return Result<void>();
    dated.created = dated.modified = core.house.clock.now();
    store::Batch batch;
    batch.put(bus_key(bus->id()), store::encode(dated));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (done) bus->set_record(std::move(dated));
    co_return done;
  };
  co_return co_await in_turn(bus, std::ref(work));
}

asio::awaitable<Result<m::DescribeEventBusResponse>> describe(Core& core, const Call& call,
                                                              m::DescribeEventBusRequest request) {
  const auto bus = find_bus(core, call.scope, request.name);
  if (!bus) co_return std::unexpected(bus.error());
  const BusId& id = (*bus)->id();
  if (auto dated = co_await date_default_bus(core, *bus); !dated) co_return std::unexpected(std::move(dated).error());
  const auto record = (*bus)->record();
  if (!record) co_return no_such_bus(id.name);
  m::DescribeEventBusResponse response;
  response.name = id.name;
  response.arn = (*bus)->arn();
  response.description = record->description;
  if (!record->policy.empty()) response.policy = cloud::shown_policy(core.house, record->policy);
  response.creation_time = record->created;
  response.last_modified_time = record->modified;
  co_return response;
}

asio::awaitable<Result<m::ListEventBusesResponse>> list(Core& core, const Call& call,
                                                        m::ListEventBusesRequest request) {
  std::map<std::string, BusPtr, std::less<>> buses;
  for (BusPtr& bus : core.buses.list(call.scope)) {
    if (auto dated = co_await date_default_bus(core, bus); !dated) co_return std::unexpected(std::move(dated).error());
    std::string name = bus->id().name;
    buses[std::move(name)] = std::move(bus);
  }
  m::ListEventBusesResponse response;
  auto& list = response.event_buses.emplace();
  const PageRequest asked{"buses", request.name_prefix.value_or(""), request.next_token, request.limit};
  auto next = page(buses, asked, [&](const std::string& name, const BusPtr& bus) {
    const auto record = bus->record();
    if (!record) return false;
    m::EventBus& entry = list.emplace_back();
    entry.name = name;
    entry.arn = bus->arn();
    entry.description = record->description;
    if (!record->policy.empty()) entry.policy = cloud::shown_policy(core.house, record->policy);
    entry.creation_time = record->created;
    entry.last_modified_time = record->modified;
    return true;
  });
  if (!next) co_return std::unexpected(std::move(next).error());
  response.next_token = *std::move(next);
  co_return response;
}

asio::awaitable<Result<m::UpdateEventBusResponse>> update(Core& core, const Call& call,
                                                          m::UpdateEventBusRequest request) {
  if (request.kms_key_identifier) co_return not_supported_yet("KmsKeyIdentifier");
  if (request.dead_letter_config) co_return not_supported_yet("DeadLetterConfig");
  if (request.log_config) co_return not_supported_yet("LogConfig");
  const auto bus = find_bus(core, call.scope, request.name);
  if (!bus) co_return std::unexpected(bus.error());
  const BusId& id = (*bus)->id();
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const auto record = (*bus)->record();
    if (!record) co_return no_such_bus(id.name);
    BusRecord changed = *record;
    changed.description = request.description;
    changed.modified = core.house.clock.now();
    store::Batch batch;
    batch.put(bus_key(id), store::encode(changed));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (done) (*bus)->set_record(std::move(changed));
    co_return done;
  };
  Result<void> done = co_await in_turn(*bus, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  m::UpdateEventBusResponse response;
  response.arn = (*bus)->arn();
  response.name = id.name;
  response.description = request.description;
  co_return response;
}

/// Deleting what does not exist succeeds, as with AWS.
asio::awaitable<Result<m::DeleteEventBusResponse>> remove(Core& core, const Call& call,
                                                          m::DeleteEventBusRequest request) {
  const BusId id{call.scope, request.name.value_or("")};
  if (id.is_default()) co_return fail("ValidationException", "Cannot delete event bus default.");
  const BusPtr bus = core.buses.find(id);
  if (!bus) co_return m::DeleteEventBusResponse{};
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (!bus->record()) co_return Result<void>();
    if (!bus->rules().empty()) {
      co_return fail("ValidationException", "Event bus " + id.name + " can't be deleted since it has rules.");
    }
    if (bus->has_archives()) {
      co_return fail("ValidationException", "Event bus " + id.name + " can't be deleted since it has archives.");
    }
    store::Batch batch;
    batch.erase(bus_key(id));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (!done) co_return done;
    bus->remove();
    core.buses.forget(*bus);
    co_return done;
  };
  Result<void> done = co_await in_turn(bus, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DeleteEventBusResponse{};
}

}  // namespace

void register_bus_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kCreateEventBus, [&core](const Call& call, m::CreateEventBusRequest request) {
    return create(core, call, std::move(request));
  });
  door.handle(m::kDescribeEventBus, [&core](const Call& call, m::DescribeEventBusRequest request) {
    return describe(core, call, std::move(request));
  });
  door.handle(m::kListEventBuses, [&core](const Call& call, m::ListEventBusesRequest request) {
    return list(core, call, std::move(request));
  });
  door.handle(m::kUpdateEventBus, [&core](const Call& call, m::UpdateEventBusRequest request) {
    return update(core, call, std::move(request));
  });
  door.handle(m::kDeleteEventBus, [&core](const Call& call, m::DeleteEventBusRequest request) {
    return remove(core, call, std::move(request));
  });
}

}  // namespace signalbox::events
