#include "base/encoding.h"
#include "cloud/paging.h"
#include "models/cloudtrail.h"
#include "services/cloudtrail/core.h"
#include "services/cloudtrail/history.h"

namespace signalbox::cloudtrail {
namespace {

namespace m = models::cloudtrail;
using cloud::Call;

constexpr std::string_view kListing = "cloudtrail.events";
constexpr std::size_t kDefaultPage = 50;

m::Event event_of(HistoryEntry entry) {
  m::Event event;
  event.event_id = std::move(entry.id);
  event.event_name = std::move(entry.name);
  event.event_source = std::move(entry.source);
  event.event_time = std::chrono::floor<std::chrono::seconds>(entry.time);
  event.read_only = entry.read_only ? "true" : "false";
  event.username = std::move(entry.user);
  if (!entry.access_key.empty()) event.access_key_id = std::move(entry.access_key);
  auto& resources = event.resources.emplace();
  for (Resource& one : entry.resources) {
    m::Resource& resource = resources.emplace_back();
    resource.resource_type = std::move(one.type);
    resource.resource_name = std::move(one.arn);
  }
  event.cloud_trail_event = std::move(entry.text);
  return event;
}

/// Errors: InvalidLookupAttributesException, InvalidTimeRangeException, InvalidNextTokenException, and
/// UnsupportedOperationException for insights.
Result<LookUp> look_up_of(const Call& call, const m::LookupEventsRequest& request) {
  if (request.event_category) {
    return fail("UnsupportedOperationException", "Signalbox does not support EventCategory insight yet.");
  }
  LookUp wanted;
  wanted.scope = call.scope;
  const auto& attributes = request.lookup_attributes;
  if (attributes && attributes->size() > 1) {
    return fail("InvalidLookupAttributesException", "You can only specify one lookup attribute.");
  }
  if (attributes && !attributes->empty()) {
    wanted.attribute = {attributes->front().attribute_key.value_or(""),
                        attributes->front().attribute_value.value_or("")};
  }
  if (request.start_time && request.end_time && *request.start_time > *request.end_time) {
    return fail("InvalidTimeRangeException", "The start time must come before the end time.");
  }
  wanted.start = request.start_time;
  if (request.end_time) {
    // Times of events are told in seconds: one is in its whole second.
    wanted.end = std::chrono::floor<std::chrono::seconds>(*request.end_time) + Duration(999);
  }
  if (request.start_time) wanted.start = std::chrono::floor<std::chrono::seconds>(*request.start_time);
  wanted.most = request.max_results ? static_cast<std::size_t>(*request.max_results) : kDefaultPage;
  if (request.next_token) {
    auto after = cloud::read_page_token(kListing, *request.next_token);
    if (!after) return fail("InvalidNextTokenException", "The NextToken is not valid.");
    wanted.after = *std::move(after);
  }
  return wanted;
}

asio::awaitable<Result<m::LookupEventsResponse>> look_up_events(Core& core, const Call& call,
                                                                m::LookupEventsRequest request) {
  Result<LookUp> wanted = look_up_of(call, request);
  if (!wanted) co_return std::unexpected(std::move(wanted).error());
  const Time oldest = core.house.clock.now() - kHistoryKept;
  wanted->start = std::max(wanted->start.value_or(oldest), oldest);
  const auto snapshot = core.house.store.read();
  Result<Found> found = look_up(*snapshot, *wanted);
  if (!found) co_return std::unexpected(std::move(found).error());
  m::LookupEventsResponse response;
  auto& events = response.events.emplace();
  for (HistoryEntry& entry : found->entries) events.push_back(event_of(std::move(entry)));
  if (!found->last.empty()) response.next_token = cloud::make_page_token(kListing, found->last);
  co_return response;
}

}  // namespace

void register_history_operations(Core& core) {
  core.house.door.handle(m::kLookupEvents, [&core](const Call& call, m::LookupEventsRequest request) {
    return look_up_events(core, call, std::move(request));
  });
}

}  // namespace signalbox::cloudtrail
