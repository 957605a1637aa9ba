#include "models/events.h"
#include "services/events/archives/upkeep.h"
#include "services/events/core.h"
#include "services/events/page.h"

namespace signalbox::events {
namespace {

namespace m = models::events;
using cloud::Call;
using ArchivePtr = Registry<Archive>::Pointer;

/// AWS names no quota of archives; this one only keeps a runaway client from filling the memory.
constexpr std::size_t kMaxArchives = 1'000;
constexpr std::string_view kEnabled = "ENABLED";

std::unexpected<Error> no_such_archive(const std::string& name) {
  return fail("ResourceNotFoundException", "Archive " + name + " does not exist.");
}

Result<BusPtr> source_of(Core& core, const Call& call, const std::string& text) {
  const auto arn = cloud::Arn::parse(text);
  const auto id = arn ? bus_of(*arn) : std::nullopt;
  if (!id) {
    return fail("ValidationException", "Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN.");
  }
  if (id->scope != call.scope) {
    return fail("ValidationException",
                "Parameter EventSourceArn is not valid. Reason: The event bus belongs to another account or Region.");
  }
  return core.buses.need(*id);
}

/// Stores an archive, and makes the bus put events in it. Alone.
asio::awaitable<Result<void>> save(Core& core, BusPtr bus, Archive archive) {
  auto rule = archive_rule(archive);
  if (!rule) co_return std::unexpected(std::move(rule).error());
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (!bus->record()) co_return no_such_bus(bus->id().name);
    if (bus->find_rule(archive.managed_rule())) {
      co_return fail("ResourceAlreadyExistsException", "Rule " + archive.managed_rule() + " already exists.");
    }
    store::Batch batch;
    batch.put(key_of(archive), store::encode(archive));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (!done) co_return done;
    core.archives.archives.put(archive);
    bus->put_archive(*rule);
    co_return done;
  };
  co_return co_await in_turn(bus, std::ref(work));
}

template <class Response>
Response answer_of(const Archive& archive) {
  Response response;
  response.archive_arn = archive.arn();
  response.state = kEnabled;
  response.creation_time = archive.created;
  return response;
}

asio::awaitable<Result<m::CreateArchiveResponse>> create(Core& core, const Call& call,
                                                         m::CreateArchiveRequest request) {
  if (request.kms_key_identifier) co_return not_supported_yet("KmsKeyIdentifier");
  const auto bus = source_of(core, call, request.event_source_arn.value_or(""));
  if (!bus) co_return std::unexpected(bus.error());
  Archive archive;
  archive.scope = call.scope;
  archive.name = request.archive_name.value_or("");
  archive.id = core.house.random.next();
  archive.bus = (*bus)->id().name;
  archive.description = request.description;
  archive.pattern = request.event_pattern.value_or("");
  archive.retention_days = request.retention_days.value_or(0);
  archive.created = core.house.clock.now();
  archive.events = std::make_shared<ArchivedEvents>(archive.id);
  begin_upkeep(core, archive);
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (core.archives.archives.find(call.scope, archive.name)) {
      co_return fail("ResourceAlreadyExistsException", "Archive " + archive.name + " already exists.");
    }
    if (core.archives.archives.list(call.scope).size() >= kMaxArchives) co_return limit_exceeded();
    co_return co_await save(core, *bus, archive);
  };
  Result<void> done = co_await alone(core.house.shards, core.archives, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return answer_of<m::CreateArchiveResponse>(archive);
}

/// What the request does not name stays as it is.
asio::awaitable<Result<m::UpdateArchiveResponse>> update(Core& core, const Call& call,
                                                         m::UpdateArchiveRequest request) {
  if (request.kms_key_identifier) co_return not_supported_yet("KmsKeyIdentifier");
  auto work = [&]() -> asio::awaitable<Result<m::UpdateArchiveResponse>> {
    const auto current = core.archives.archives.find(call.scope, request.archive_name.value_or(""));
    if (!current) co_return no_such_archive(request.archive_name.value_or(""));
    const auto bus = core.buses.need(current->bus_id());
    if (!bus) co_return std::unexpected(bus.error());
    Archive changed = *current;
    if (request.description) changed.description = request.description;
    if (request.event_pattern) changed.pattern = *request.event_pattern;
    if (request.retention_days) changed.retention_days = *request.retention_days;
    Result<void> saved = co_await save(core, *bus, changed);
    if (!saved) co_return std::unexpected(std::move(saved).error());
    wake_upkeep(core, changed);
    co_return answer_of<m::UpdateArchiveResponse>(changed);
  };
  co_return co_await alone(core.house.shards, core.archives, std::ref(work));
}

asio::awaitable<Result<m::DeleteArchiveResponse>> remove(Core& core, const Call& call,
                                                         m::DeleteArchiveRequest request) {
  auto work = [&]() -> asio::awaitable<Result<m::DeleteArchiveResponse>> {
    const auto current = core.archives.archives.find(call.scope, request.archive_name.value_or(""));
    if (!current) co_return no_such_archive(request.archive_name.value_or(""));
    const BusPtr bus = core.buses.make(current->bus_id());
    const auto rule = archive_rule(*current);
    auto erase = [&]() -> asio::awaitable<Result<void>> {
      store::Batch batch;
      batch.erase(key_of(*current));
      for (const std::string_view space : kArchiveSpaces) {
        const store::Key all = archive_key(space, current->id);
        batch.erase_range(all, all.end());
      }
      Result<void> done = co_await core.house.store.commit(std::move(batch));
      if (!done) co_return done;
      core.archives.archives.erase(call.scope, current->name);
      if (rule) bus->erase_archive((*rule)->name);
      co_return done;
    };
    Result<void> done = co_await in_turn(bus, std::ref(erase));
    if (!done) co_return std::unexpected(std::move(done).error());
    co_return m::DeleteArchiveResponse{};
  };
  co_return co_await alone(core.house.shards, core.archives, std::ref(work));
}

template <class Response>
Response shown(const Archive& archive) {
  Response response;
  response.archive_name = archive.name;
  response.event_source_arn = archive.bus_id().arn();
  response.state = kEnabled;
  response.retention_days = static_cast<std::int32_t>(archive.retention_days);
  const auto totals = archive.events->totals();
  response.size_bytes = static_cast<std::int64_t>(totals.bytes);
  response.event_count = static_cast<std::int64_t>(totals.events);
  response.creation_time = archive.created;
  return response;
}

asio::awaitable<Result<m::DescribeArchiveResponse>> describe(Core& core, const Call& call,
                                                             m::DescribeArchiveRequest request) {
  const auto archive = core.archives.archives.find(call.scope, request.archive_name.value_or(""));
  if (!archive) co_return no_such_archive(request.archive_name.value_or(""));
  auto response = shown<m::DescribeArchiveResponse>(*archive);
  response.archive_arn = archive->arn();
  response.description = archive->description;
  if (!archive->pattern.empty()) response.event_pattern = archive->pattern;
  co_return response;
}

asio::awaitable<Result<m::ListArchivesResponse>> list(Core& core, const Call& call, m::ListArchivesRequest request) {
  const int filters =
      int{request.name_prefix.has_value()} + int{request.event_source_arn.has_value()} + int{request.state.has_value()};
  if (filters > 1) {
    co_return fail(
        "ValidationException",
        "At most one filter is allowed for ListArchives. Use either : State, EventSourceArn, or NamePrefix.");
  }
  if (request.event_source_arn) {
    const auto bus = source_of(core, call, *request.event_source_arn);
    if (!bus) co_return std::unexpected(bus.error());
  }
  m::ListArchivesResponse response;
  auto& archives = response.archives.emplace();
  auto next = page(core.archives.archives.list(call.scope),
                   {"archives", request.name_prefix.value_or(""), request.next_token, request.limit},
                   [&](const std::string&, const ArchivePtr& archive) {
                     if (request.state && *request.state != kEnabled) return false;
                     if (request.event_source_arn && *request.event_source_arn != archive->bus_id().arn()) return false;
                     archives.push_back(shown<m::Archive>(*archive));
                     return true;
                   });
  if (!next) co_return std::unexpected(std::move(next).error());
  response.next_token = *std::move(next);
  co_return response;
}

}  // namespace

void register_archive_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kCreateArchive, [&core](const Call& call, m::CreateArchiveRequest request) {
    return create(core, call, std::move(request));
  });
  door.handle(m::kDescribeArchive, [&core](const Call& call, m::DescribeArchiveRequest request) {
    return describe(core, call, std::move(request));
  });
  door.handle(m::kUpdateArchive, [&core](const Call& call, m::UpdateArchiveRequest request) {
    return update(core, call, std::move(request));
  });
  door.handle(m::kDeleteArchive, [&core](const Call& call, m::DeleteArchiveRequest request) {
    return remove(core, call, std::move(request));
  });
  door.handle(m::kListArchives, [&core](const Call& call, m::ListArchivesRequest request) {
    return list(core, call, std::move(request));
  });
}

}  // namespace signalbox::events
