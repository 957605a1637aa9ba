// PutEvents: from the caller's entries to messages in the targets, in one commit.
#include <utility>

#include "models/events.h"
#include "services/events/bus_access.h"
#include "services/events/core.h"
#include "services/events/delivery.h"
#include "services/events/event_text.h"
#include "services/events/router.h"

namespace signalbox::events {
namespace {

namespace m = models::events;
using cloud::Call;

/// AWS's bounds of one call: entries, and the bytes they count for together.
constexpr std::size_t kMaxEntries = 10;
constexpr std::size_t kMaxBytes = 1024 * 1024;

/// Takes the entries of one call, one after another.
class Entries {
 public:
  Entries(Core& core, const Call& call)
      : core_(core),
        caller_(call.scope),
        trace_header_(call.trace_header),
        now_(core.house.clock.now()),
        router_(core) {}

  m::PutEventsResultEntry put(const m::PutEventsRequestEntry& entry) {
    m::PutEventsResultEntry result;
    std::string id = core_.house.random.uuid();
    if (auto error = put(entry, id)) {
      result.error_code = std::move(error->code);
      result.error_message = std::move(error->message);
    } else {
      result.event_id = std::move(id);
    }
    return result;
  }

  Outbox take() { return router_.take(); }

 private:
  std::optional<EntryError> put(const m::PutEventsRequestEntry& entry, const std::string& id) {
    const auto bus = resolve_any_bus(caller_, entry.event_bus_name);
    if (!bus) return EntryError{"InvalidArgument", bus.error().message};
    std::string text;
    if (auto error = append_event(text, entry, id, caller_, now_, document_)) return error;
    if (bus->scope != caller_ && !is_allowed(*bus, text)) {
      return EntryError{"AccessDeniedException", "Account " + caller_.account +
                                                     " is not allowed to put events on event bus " + bus->arn() + "."};
    }
    // An event for a bus that does not exist matches no rule and is dropped, as with AWS.
    if (router_.enter(*bus, text, entry.trace_header.value_or(trace_header_))) return std::nullopt;
    return EntryError{"MalformedDetail", "Detail is malformed."};  // nested deeper than the reader goes
  }

  bool is_allowed(const BusId& id, std::string_view event) {
    if (core_.house.authority.enforcing()) return true;  // it was asked before
    const auto bus = core_.buses.need(id);
    const auto policy = bus ? (*bus)->policy() : nullptr;
    return policy && policy_allows(*policy, {id.arn(), id.scope.account, caller_.account, "", "", "", event});
  }

  Core& core_;
  const cloud::Scope& caller_;
  /// X-Amzn-Trace-Id of the call, for entries that have none of their own.
  const std::string& trace_header_;
  const Time now_;
  json::Document document_;
  Router router_;
};

Result<void> check_call(const m::PutEventsRequest& request) {
  if (request.endpoint_id) return not_supported_yet("EndpointId", ": there are no global endpoints");
  if (!request.entries || request.entries->empty() || request.entries->size() > kMaxEntries) {
    return fail("ValidationException", "A call takes 1 to " + std::to_string(kMaxEntries) + " Entries.");
  }
  std::size_t bytes = 0;
  for (const auto& entry : *request.entries) bytes += entry_size(entry);
  if (bytes > kMaxBytes) {
    return fail("ValidationException", "Total size of the entries in the request is over the limit.");
  }
  return {};
}

asio::awaitable<Result<m::PutEventsResponse>> put_events(Core& core, const Call& call, m::PutEventsRequest request) {
  if (auto checked = check_call(request); !checked) co_return std::unexpected(std::move(checked).error());
  m::PutEventsResponse response;
  response.failed_entry_count = 0;
  auto& results = response.entries.emplace();
  results.reserve(request.entries->size());
  Entries entries(core, call);
  for (const auto& entry : *request.entries) {
    results.push_back(entries.put(entry));
    if (results.back().error_code) ++*response.failed_entry_count;
  }
  core.figures.received.add(results.size());
  core.figures.failed.add(static_cast<std::uint64_t>(*response.failed_entry_count));

  Outbox outbox = entries.take();
  if (!outbox.empty()) {
    Result<void> delivered = co_await deliver(core, std::move(outbox));
    if (!delivered) co_return std::unexpected(std::move(delivered).error());
  }
  co_return response;
}

/// What an event must have to be tested. The API Reference lists resources, too, which EventBridge does not ask for.
constexpr std::string_view kEventFields[] = {"id", "account", "source", "time", "region", "detail-type"};

asio::awaitable<Result<m::TestEventPatternResponse>> test_event_pattern(m::TestEventPatternRequest request) {
  auto pattern = pattern::Pattern::compile(request.event_pattern.value_or(""));
  if (!pattern) co_return std::unexpected(std::move(pattern).error());
  json::Document document;
  const std::string text = request.event.value_or("");
  const auto event = document.parse(text);
  if (!event || !event->is_object()) {
    co_return fail("ValidationException", "Parameter Event is not valid. Reason: Event is not a JSON object.");
  }
  for (const std::string_view name : kEventFields) {
    if (event->find(name)) continue;
    co_return fail("ValidationException",
                   "Parameter Event is not valid. Reason: " + std::string(name) + " is a required field.");
  }
  m::TestEventPatternResponse response;
  response.result = pattern->matches(*event);
  co_return response;
}

}  // namespace

void register_put_events(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kPutEvents, [&core](const Call& call, m::PutEventsRequest request) {
    return put_events(core, call, std::move(request));
  });
  door.handle(m::kTestEventPattern,
              [](const Call&, m::TestEventPatternRequest request) { return test_event_pattern(std::move(request)); });
}

}  // namespace signalbox::events
