// Trails start and stop logging, and say how it goes; the keys of their digests.
#include "base/time_text.h"
#include "models/cloudtrail.h"
#include "services/cloudtrail/trail_lookup.h"

namespace signalbox::cloudtrail {
namespace {

namespace m = models::cloudtrail;
using cloud::Call;

asio::awaitable<Result<void>> set_logging(Core& core, const Call& call, std::string name, bool logging) {
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const Result<TrailPtr> found = find_trail_at_home(core, call, name);
    if (!found) co_return std::unexpected(found.error());
    Trail trail = **found;
    if (trail.logging == logging) co_return Result<void>();
    trail.logging = logging;
    (logging ? trail.started : trail.stopped) = core.house.clock.now();
    Result<void> saved = co_await save(core, std::move(trail));
    co_return saved;
  };
  co_return co_await alone(core, std::ref(work));
}

asio::awaitable<Result<m::StartLoggingResponse>> start(Core& core, const Call& call, m::StartLoggingRequest request) {
  Result<void> done = co_await set_logging(core, call, request.name.value_or(""), true);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::StartLoggingResponse{};
}

asio::awaitable<Result<m::StopLoggingResponse>> stop(Core& core, const Call& call, m::StopLoggingRequest request) {
  Result<void> done = co_await set_logging(core, call, request.name.value_or(""), false);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::StopLoggingResponse{};
}

std::string text_of(const std::optional<Time>& time) {
  return time ? to_iso8601(*time) : std::string();
}

std::optional<std::string> error_of(const std::string& error) {
  return error.empty() ? std::nullopt : std::optional(error);
}

asio::awaitable<Result<m::GetTrailStatusResponse>> status(Core& core, const Call& call,
                                                          m::GetTrailStatusRequest request) {
  const Result<TrailPtr> trail = find_trail(core, call, request.name.value_or(""));
  if (!trail) co_return std::unexpected(trail.error());
  const auto stored = core.house.store.get(store::Key(kStatusSpace).text((*trail)->arn()));
  if (!stored) co_return std::unexpected(stored.error());
  const TrailStatus now = *stored ? store::decode<TrailStatus>(**stored).value_or(TrailStatus{}) : TrailStatus{};
  m::GetTrailStatusResponse response;
  response.is_logging = (*trail)->logging;
  response.start_logging_time = (*trail)->started;
  response.stop_logging_time = (*trail)->stopped;
  response.time_logging_started = text_of((*trail)->started);
  response.time_logging_stopped = text_of((*trail)->stopped);
  response.latest_delivery_time = now.delivered;
  response.latest_delivery_error = error_of(now.delivery_error);
  response.latest_delivery_attempt_time = text_of(now.attempted);
  response.latest_delivery_attempt_succeeded = now.delivery_error.empty() ? text_of(now.delivered) : "";
  response.latest_notification_time = now.notified;
  response.latest_notification_error = error_of(now.notification_error);
  response.latest_notification_attempt_time = text_of(now.notify_attempted);
  response.latest_notification_attempt_succeeded = now.notification_error.empty() ? text_of(now.notified) : "";
  response.latest_cloud_watch_logs_delivery_time = now.logs_delivered;
  response.latest_cloud_watch_logs_delivery_error = error_of(now.logs_error);
  response.latest_digest_delivery_time = now.digest_delivered;
  response.latest_digest_delivery_error = error_of(now.digest_error);
  co_return response;
}

/// The key is valid from when it was made on, without an end.
asio::awaitable<Result<m::ListPublicKeysResponse>> list_keys(Core& core, m::ListPublicKeysRequest request) {
  if (request.next_token) co_return fail("InvalidTokenException", "The NextToken is not valid.");
  if (request.start_time && request.end_time && *request.start_time > *request.end_time) {
    co_return fail("InvalidTimeRangeException", "The start time must come before the end time.");
  }
  m::ListPublicKeysResponse response;
  auto& shown = response.public_key_list.emplace();
  const auto key = core.signer.key();
  const Time until = request.end_time.value_or(core.house.clock.now());
  if (key && std::chrono::floor<std::chrono::seconds>(key->made) <= until) {
    m::PublicKey& one = shown.emplace_back();
    one.value = key->public_key;
    one.fingerprint = key->fingerprint;
    one.validity_start_time = key->made;
    one.validity_end_time = key->made + std::chrono::days(20 * 365);
  }
  co_return response;
}

}  // namespace

void register_logging_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kStartLogging, [&core](const Call& call, m::StartLoggingRequest request) {
    return start(core, call, std::move(request));
  });
  door.handle(m::kStopLogging, [&core](const Call& call, m::StopLoggingRequest request) {
    return stop(core, call, std::move(request));
  });
  door.handle(m::kGetTrailStatus, [&core](const Call& call, m::GetTrailStatusRequest request) {
    return status(core, call, std::move(request));
  });
  door.handle(m::kListPublicKeys,
              [&core](const Call&, m::ListPublicKeysRequest request) { return list_keys(core, std::move(request)); });
}

}  // namespace signalbox::cloudtrail
