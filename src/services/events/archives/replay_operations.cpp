#include <algorithm>

#include "models/events.h"
#include "services/events/archives/replay.h"
#include "services/events/page.h"

namespace signalbox::events {
namespace {

namespace m = models::events;
using cloud::Call;
using ArchivePtr = Registry<Archive>::Pointer;
using ReplayPtr = Registry<Replay>::Pointer;

/// AWS's quota of active replays in an account and Region.
constexpr std::ptrdiff_t kMaxActive = 10;
/// Ended replays are kept for as long, and so many in all.
constexpr auto kReplaysKept = std::chrono::days(90);
constexpr std::size_t kMaxReplays = 10'000;
constexpr std::size_t kMaxFilters = 300;  // AWS's quota of rules on a bus
constexpr std::string_view kArchivePrefix = "archive/";

std::unexpected<Error> no_such_replay(const std::string& name) {
  return fail("ResourceNotFoundException", "Replay " + name + " does not exist.");
}

std::unexpected<Error> invalid(std::string_view parameter, const std::string& reason) {
  return fail("ValidationException", "Parameter " + std::string(parameter) + " is not valid. Reason: " + reason);
}

Result<BusPtr> destination_of(Core& core, const Call& call, const m::ReplayDestination& destination) {
  const auto arn = cloud::Arn::parse(destination.arn.value_or(""));
  const auto id = arn ? bus_of(*arn) : std::nullopt;
  if (!id) return invalid("Destination.Arn", "Must contain an event bus ARN.");
  if (id->scope != call.scope) {
    return invalid("Destination.Arn", "The event bus belongs to another account or Region.");
  }
  return core.buses.need(*id);
}

/// On the bus's shard.
Result<void> check_filters(const Bus& bus, const std::vector<std::string>& filters) {
  if (filters.size() > kMaxFilters) {
    return invalid("Destination.FilterArns", "Must contain at most " + std::to_string(kMaxFilters) + " ARNs.");
  }
  for (const std::string& filter : filters) {
    const bool found = std::ranges::any_of(bus.rules(), [&](const auto& rule) { return rule.second->arn == filter; });
    if (!found) return invalid("Destination.FilterArns", filter + " is no rule of event bus " + bus.id().name + ".");
  }
  return {};
}

Result<ArchivePtr> archive_of(Core& core, const Call& call, const std::string& text) {
  const auto arn = cloud::Arn::parse(text);
  if (!arn || arn->service != "events" || arn->scope() != call.scope || !arn->resource.starts_with(kArchivePrefix)) {
    return invalid("EventSourceArn", "Must contain an archive ARN.");
  }
  const std::string name = arn->resource.substr(kArchivePrefix.size());
  ArchivePtr archive = core.archives.archives.find(call.scope, name);
  if (!archive) return invalid("EventSourceArn", "Archive " + name + " does not exist.");
  return archive;
}

/// Makes room: replays that ended long ago go, from memory and, with `batch`, from the store. Alone.
Result<void> check_room(Core& core, const Call& call, const std::string& name, store::Batch& batch,
                        std::vector<std::string>& gone) {
  const auto replays = core.archives.replays.list(call.scope);
  std::ptrdiff_t active = 0;
  for (const auto& [other, replay] : replays) {
    if (replay->is_active()) {
      ++active;
    } else if (*replay->ended + kReplaysKept <= core.house.clock.now()) {
      batch.erase(key_of(*replay));
      batch.erase(mark_key_of(*replay));
      gone.push_back(other);
    }
  }
  if (replays.contains(name) && std::ranges::find(gone, name) == gone.end()) {
    return fail("ResourceAlreadyExistsException", "Replay " + name + " already exists.");
  }
  if (active >= kMaxActive || replays.size() - gone.size() >= kMaxReplays) return limit_exceeded();
  return {};
}

Result<ReplayOrder> order_of(Core& core, const Call& call, const m::StartReplayRequest& request, const Bus& bus) {
  const auto archive = archive_of(core, call, request.event_source_arn.value_or(""));
  if (!archive) return std::unexpected(archive.error());
  if ((*archive)->bus != bus.id().name) return invalid("Destination.Arn", "Cross event bus replay is not permitted.");
  ReplayOrder order;
  order.description = request.description;
  order.archive = (*archive)->name;
  order.archive_id = (*archive)->id;
  order.bus = (*archive)->bus;
  if (request.destination->filter_arns) order.rules = *request.destination->filter_arns;
  order.from = request.event_start_time.value_or(Time{});
  order.to = request.event_end_time.value_or(Time{});
  if (order.from >= order.to) return invalid("EventEndTime", "EventStartTime must be before EventEndTime.");
  order.sequences = (*archive)->events->sequences();
  return order;
}

asio::awaitable<Result<m::StartReplayResponse>> start(Core& core, const Call& call, m::StartReplayRequest request) {
  if (!request.destination) request.destination.emplace();
  const auto bus = destination_of(core, call, *request.destination);
  if (!bus) co_return std::unexpected(bus.error());
  Replay replay{call.scope, request.replay_name.value_or(""), nullptr, std::string(kStarting), "", {}};
  auto work = [&]() -> asio::awaitable<Result<void>> {
    auto order = order_of(core, call, request, **bus);
    if (!order) co_return std::unexpected(std::move(order).error());
    Result<void> filters = co_await on_shard(*bus, [&] { return check_filters(**bus, order->rules); });
    if (!filters) co_return filters;
    store::Batch batch;
    std::vector<std::string> gone;
    if (auto room = check_room(core, call, replay.name, batch, gone); !room) co_return room;
    replay.order = std::make_shared<const ReplayOrder>(*std::move(order));
    replay.started = core.house.clock.now();
    batch.put(key_of(replay), store::encode(replay));
    batch.put(mark_key_of(replay), store::encode(ReplayMark{}));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (!done) co_return done;
    for (const std::string& name : gone) core.archives.replays.erase(call.scope, name);
    core.archives.replays.put(replay);
    run_replay(core, replay);
    co_return done;
  };
  Result<void> done = co_await alone(core.house.shards, core.archives, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  m::StartReplayResponse response;
  response.replay_arn = replay.arn();
  response.state = replay.state;
  response.replay_start_time = replay.started;
  co_return response;
}

asio::awaitable<Result<m::CancelReplayResponse>> cancel(Core& core, const Call& call, m::CancelReplayRequest request) {
  const std::string name = request.replay_name.value_or("");
  const auto known = core.archives.replays.find(call.scope, name);
  if (!known) co_return no_such_replay(name);
  const BusPtr bus = core.buses.make({call.scope, known->order->bus});
  auto work = [&]() -> asio::awaitable<Result<m::CancelReplayResponse>> {
    const auto current = core.archives.replays.find(call.scope, name);
    if (!current) co_return no_such_replay(name);
    if (!current->is_active() || current->state == kCancelling) {
      co_return fail("IllegalStatusException", "Replay " + name + " is not in a valid state for this operation.");
    }
    Replay changed = *current;
    changed.state = kCancelling;
    // At once: from now on the replay ends as cancelled. What it commits then comes behind this.
    core.archives.replays.put(changed);
    store::Batch batch;
    batch.put(key_of(changed), store::encode(changed));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error());
    m::CancelReplayResponse response;
    response.replay_arn = changed.arn();
    response.state = changed.state;
    co_return response;
  };
  co_return co_await cloud::on(bus->shard(), std::ref(work));
}

std::string archive_arn(const Replay& replay) {
  return cloud::make_arn("events", replay.scope, std::string(kArchivePrefix) + replay.order->archive);
}

template <class Response>
Response shown(const Replay& replay) {
  Response response;
  response.replay_name = replay.name;
  response.event_source_arn = archive_arn(replay);
  response.state = replay.state;
  if (!replay.reason.empty()) response.state_reason = replay.reason;
  response.event_start_time = replay.order->from;
  response.event_end_time = replay.order->to;
  if (replay.mark.last) response.event_last_replayed_time = replay.mark.last->time;
  response.replay_start_time = replay.started;
  response.replay_end_time = replay.ended;
  return response;
}

asio::awaitable<Result<m::DescribeReplayResponse>> describe(Core& core, const Call& call,
                                                            m::DescribeReplayRequest request) {
  const auto replay = core.archives.replays.find(call.scope, request.replay_name.value_or(""));
  if (!replay) co_return no_such_replay(request.replay_name.value_or(""));
  auto response = shown<m::DescribeReplayResponse>(*replay);
  response.replay_arn = replay->arn();
  response.description = replay->order->description;
  auto& destination = response.destination.emplace();
  destination.arn = BusId{replay->scope, replay->order->bus}.arn();
  if (!replay->order->rules.empty()) destination.filter_arns = replay->order->rules;
  co_return response;
}

asio::awaitable<Result<m::ListReplaysResponse>> list(Core& core, const Call& call, m::ListReplaysRequest request) {
  const int filters =
      int{request.name_prefix.has_value()} + int{request.event_source_arn.has_value()} + int{request.state.has_value()};
  if (filters > 1) {
    co_return fail("ValidationException",
                   "At most one filter is allowed for ListReplays. Use either : State, EventSourceArn, or NamePrefix.");
  }
  m::ListReplaysResponse response;
  auto& replays = response.replays.emplace();
  auto next = page(core.archives.replays.list(call.scope),
                   {"replays", request.name_prefix.value_or(""), request.next_token, request.limit},
                   [&](const std::string&, const ReplayPtr& replay) {
                     if (request.state && *request.state != replay->state) return false;
                     if (request.event_source_arn && *request.event_source_arn != archive_arn(*replay)) return false;
                     replays.push_back(shown<m::Replay>(*replay));
                     return true;
                   });
  if (!next) co_return std::unexpected(std::move(next).error());
  response.next_token = *std::move(next);
  co_return response;
}

}  // namespace

void register_replay_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kStartReplay, [&core](const Call& call, m::StartReplayRequest request) {
    return start(core, call, std::move(request));
  });
  door.handle(m::kDescribeReplay, [&core](const Call& call, m::DescribeReplayRequest request) {
    return describe(core, call, std::move(request));
  });
  door.handle(m::kCancelReplay, [&core](const Call& call, m::CancelReplayRequest request) {
    return cancel(core, call, std::move(request));
  });
  door.handle(m::kListReplays, [&core](const Call& call, m::ListReplaysRequest request) {
    return list(core, call, std::move(request));
  });
}

}  // namespace signalbox::events
