// PutEvents: from the caller's entries to messages in the targets, in one commit.
#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "base/time_text.h"
#include "models/events.h"
#include "services/events/core.h"
#include "services/events/delivery.h"
#include "services/events/event_text.h"

namespace signalbox::events {
namespace {

namespace m = models::events;
using cloud::Call;

/// AWS's bounds of one call: entries, and the bytes they count for together.
constexpr std::size_t kMaxEntries = 10;
constexpr std::size_t kMaxBytes = 1024 * 1024;

/// Matches the entries of one call; keeps what its look-ups need from entry to entry.
class Matching {
 public:
  Matching(Core& core, const cloud::Scope& scope)
      : core_(core), scope_(scope), now_(core.house.clock.now()), ingestion_time_(to_iso8601(now_)) {}

  m::PutEventsResultEntry put(const m::PutEventsRequestEntry& entry) {
    m::PutEventsResultEntry result;
    std::string id = core_.house.random.uuid();
    std::string text;
    if (auto error = put(entry, id, text)) {
      result.error_code = std::move(error->code);
      result.error_message = std::move(error->message);
    } else {
      result.event_id = std::move(id);
    }
    return result;
  }

  OutgoingByArn take_outgoing() { return std::move(outgoing_); }

 private:
  std::optional<EntryError> put(const m::PutEventsRequestEntry& entry, const std::string& id, std::string& text) {
    const auto bus = resolve_bus(scope_, entry.event_bus_name);
    if (!bus) return EntryError{"InvalidArgument", bus.error().message};
    if (auto error = append_event(text, entry, id, scope_, now_, document_)) return error;
    // An event for a bus that does not exist matches no rule and is dropped, as with AWS.
    const RuleIndex* index = find_index(*bus);
    if (index == nullptr || index->empty()) return std::nullopt;
    const auto start = std::chrono::steady_clock::now();
    index->match(text, matched_);
    core_.figures.match_time.record(std::chrono::steady_clock::now() - start);
    core_.figures.matches.add(matched_.size());
    if (matched_.empty()) return std::nullopt;
    std::optional<json::Value> root;
    if (std::ranges::any_of(matched_, reads_event)) {
      const auto event = document_.parse(text);
      if (!event) return EntryError{"MalformedDetail", "Detail is malformed."};  // nested deeper than the reader goes
      root = *event;
    }
    const std::string trace_header = entry.trace_header.value_or("");
    for (const Rule* rule : matched_) {
      add_deliveries(outgoing_, *rule, {text, root, ingestion_time_, rule->arn, rule->name}, trace_header);
    }
    return std::nullopt;
  }

  static bool reads_event(const Rule* rule) {
    return std::ranges::any_of(rule->targets, [](const auto& target) { return target->input.reads_event(); });
  }

  /// The index stays alive, and the same, for the whole call.
  const RuleIndex* find_index(const BusId& id) {
    const auto known = indexes_.find(id.name);
    if (known != indexes_.end()) return known->second.get();
    const BusPtr bus = core_.buses.find(id);
    return indexes_.emplace(id.name, bus ? bus->index() : nullptr).first->second.get();
  }

  Core& core_;
  const cloud::Scope& scope_;
  const Time now_;
  const std::string ingestion_time_;
  json::Document document_;
  std::vector<const Rule*> matched_;
  std::map<std::string, std::shared_ptr<const RuleIndex>, std::less<>> indexes_;
  OutgoingByArn outgoing_;
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
  Matching matching(core, call.scope);
  for (const auto& entry : *request.entries) {
    results.push_back(matching.put(entry));
    if (results.back().error_code) ++*response.failed_entry_count;
  }
  core.figures.received.add(results.size());
  core.figures.failed.add(static_cast<std::uint64_t>(*response.failed_entry_count));

  OutgoingByArn outgoing = matching.take_outgoing();
  if (!outgoing.empty()) {
    Result<void> delivered = co_await deliver(core, std::move(outgoing));
    if (!delivered) co_return std::unexpected(std::move(delivered).error());
  }
  co_return response;
}

/// What an event must have to be tested ("TestEventPattern" in the EventBridge API Reference).
constexpr std::string_view kEventFields[] = {"id", "account", "source", "time", "region", "resources", "detail-type"};

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
