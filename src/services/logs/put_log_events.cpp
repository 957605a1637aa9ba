// PutLogEvents: AWS's bounds, then one commit.
#include <algorithm>

#include "models/logs.h"
#include "services/logs/ingest.h"
#include "services/logs/metric_filters.h"
#include "services/logs/position_text.h"

namespace signalbox::logs {
namespace {

namespace m = models::logs;
using cloud::Call;

/// AWS's bounds of a call ("PutLogEvents" in the API Reference).
constexpr std::size_t kMaxCallBytes = 1024 * 1024;
constexpr Millis kMaxSpan = 24LL * 3600 * 1000;

Result<void> check(const std::vector<m::InputLogEvent>& events) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    bytes += events[i].message->size() + kEventOverhead;
    if (i > 0 && *events[i].timestamp < *events[i - 1].timestamp) {
      return invalid("Log events in a single PutLogEvents request must be in chronological order.");
    }
  }
  if (bytes > kMaxCallBytes) {
    return invalid("Upload too large: " + std::to_string(bytes) + " bytes exceeds limit of " +
                   std::to_string(kMaxCallBytes));
  }
  if (*events.back().timestamp - *events.front().timestamp > kMaxSpan) {
    return invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
  return {};
}

/// Takes out of the call's events those that come too late or too early, and tells which they were.
std::vector<NewEvent> accepted(const std::vector<m::InputLogEvent>& events, const GroupRecord& group, Time now,
                               std::optional<m::RejectedLogEventsInfo>& rejected) {
  const Millis expired = group.expired_before(now);
  const Millis too_old = millis_of(now) - kMaxAge;
  const Millis too_new = millis_of(now) + kMaxAhead;
  std::vector<NewEvent> taken;
  taken.reserve(events.size());
  const auto rejection = [&]() -> m::RejectedLogEventsInfo& { return rejected ? *rejected : rejected.emplace(); };
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Millis time = *events[i].timestamp;
    const auto index = static_cast<std::int32_t>(i);
    if (time < expired) {
      rejection().expired_log_event_end_index = index + 1;
    } else if (time < too_old) {
      rejection().too_old_log_event_end_index = index + 1;
    } else if (time > too_new) {
      if (!rejection().too_new_log_event_start_index) rejection().too_new_log_event_start_index = index;
    } else {
      taken.push_back({time, *events[i].message});
    }
  }
  return taken;
}

asio::awaitable<Result<void>> store_events(Core& core, GroupPtr group, StreamPtr stream, std::vector<NewEvent> events) {
  store::Batch batch;
  cloud::Settlement settlement;
  settlement.add(ingest(core, group, stream, events, batch));
  co_await forward(core, group, stream, events, group->last_begun(), batch, settlement);
  if (group->deleted) co_return no_such_group();
  if (group->streams().find(stream->name) != stream) co_return no_such_stream();
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  settlement.settle(done.has_value());
  if (done) measure(core, *group, events);
  co_return done;
}

asio::awaitable<Result<m::PutLogEventsResponse>> put(Core& core, const Call& call, m::PutLogEventsRequest request) {
  const auto group = named_group(core, call.scope, request.log_group_name);
  if (!group) co_return std::unexpected(group.error());
  m::PutLogEventsResponse response;
  const auto& events = *request.log_events;
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const StreamPtr stream = (*group)->streams().find(*request.log_stream_name);
    if (!stream) co_return no_such_stream();
    Result<void> checked = check(events);
    if (!checked) co_return checked;
    auto taken = accepted(events, *(*group)->record(), core.house.clock.now(), response.rejected_log_events_info);
    if (taken.empty()) co_return Result<void>();
    co_return co_await store_events(core, *group, stream, std::move(taken));
  };
  Result<void> done = co_await with_group(*group, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  // Ignored since 2023, and still given.
  response.next_sequence_token = to_event_id({millis_of(core.house.clock.now()), 0});
  if (request.entity)
    response.rejected_entity_info.emplace().error_type = m::entity_rejection_error_type::kUnsupportedLogGroupType;
  co_return response;
}

}  // namespace

void register_put_log_events(Core& core) {
  core.house.door.handle(m::kPutLogEvents, [&core](const Call& call, m::PutLogEventsRequest request) {
    return put(core, call, std::move(request));
  });
}

}  // namespace signalbox::logs
