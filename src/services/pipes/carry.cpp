#include "services/pipes/carry.h"

#include <algorithm>

#include "base/time_text.h"
#include "services/pipes/event_view.h"
#include "services/pipes/rights.h"

namespace signalbox::pipes {
namespace {

/// What the target makes of one event: that of the source, or one that the enrichment answered.
cloud::EventDelivery delivery_of(const Config& config, const std::string& pipe, std::string_view event,
                                 json::Value view, const Surroundings& surroundings) {
  const Target& target = config.target;
  cloud::EventDelivery delivery;
  delivery.payload = target.input.apply(event, view, surroundings);
  delivery.partition_key = target.partition_key.apply(view);
  delivery.message_group_id = target.message_group_id.apply(view);
  delivery.deduplication_id = target.deduplication_id.apply(view);
  if (target.http) delivery.http = std::make_shared<const cloud::HttpParameters>(target.http->apply(view));
  auto& bus = delivery.bus_event;
  bus.source = target.source.empty() ? "Pipe " + pipe : target.source.apply(view);
  bus.detail_type = target.detail_type.empty()
                        ? std::string("Event from ") + (config.from_stream ? "aws:kinesis" : "aws:sqs")
                        : target.detail_type.apply(view);
  for (const Parameter& resource : target.resources) bus.resources.push_back(resource.apply(view));
  if (!target.time.empty()) bus.time = from_iso8601(target.time.apply(view)).value_or(Time{});
  return delivery;
}

bool passes(const Config& config, json::Value view) {
  return config.filters.empty() ||
         std::ranges::any_of(config.filters, [&](const pattern::Pattern& one) { return one.matches(view); });
}

/// Adds the items of one event, or of each that an array of them holds.
void add_items(std::vector<Item>& items, std::size_t place, const Config& config, const std::string& pipe,
               std::string_view text, const Surroundings& surroundings) {
  json::Document document;
  const auto root = document.parse(text);
  if (root && root->is_array()) {
    for (json::Value element : root->elements()) {
      items.push_back({place, delivery_of(config, pipe, element.raw(), element, surroundings)});
    }
    return;
  }
  if (root) {
    items.push_back({place, delivery_of(config, pipe, text, *root, surroundings)});
    return;
  }
  // An enrichment's answer that is no JSON: a text.
  std::string quoted;
  json::append_string(quoted, text);
  const auto as_text = document.parse(quoted);
  items.push_back({place, delivery_of(config, pipe, text, *as_text, surroundings)});
}

/// Returns when the target's rate lets the next request go.
asio::awaitable<void> wait_for_rate(Core& core, PipePtr pipe, std::int64_t rate) {
  if (rate <= 0) co_return;
  const Time now = core.house.clock.now();
  const Time due = std::max(now, pipe->next_request);
  pipe->next_request = due + Duration(std::chrono::seconds(1)) / rate;
  if (due == now) co_return;
  cloud::Wait wait(pipe->owner);
  co_await wait.until(due);
}

/// One request to a target outside.
asio::awaitable<std::optional<Failure>> attempt(Core& core, PipePtr pipe, ConfigPtr config, Item item) {
  auto& outside = static_cast<cloud::OutsideTarget&>(*config->target.kind);
  co_await wait_for_rate(core, pipe, outside.rate(config->target.arn));
  cloud::Delivery delivery;
  delivery.payload = std::move(item.delivery.payload);
  if (item.delivery.http) delivery.http = *item.delivery.http;
  delivery.policy.source_kind = "PIPE_ARN";
  delivery.policy.source = pipe->arn;
  delivery.begun = core.house.clock.now();
  const cloud::Attempt done = co_await outside.attempt(config->target.arn, delivery, pipe->owner);
  if (done.outcome == cloud::Attempt::Outcome::kDelivered) co_return std::nullopt;
  co_return Failure{item.event, done.code + ": " + done.message};
}

/// JSON as it is, anything else as a string.
std::string as_json(std::string text) {
  json::Document document;
  if (document.parse(text)) return text;
  std::string quoted;
  json::append_string(quoted, text);
  return quoted;
}

/// A function's answer, by the pipe's role; an error of its own is one here.
asio::awaitable<Result<std::string>> run_function(Core& core, std::string arn, std::string payload) {
  cloud::Invoker by_role;
  auto answer = co_await core.house.functions.invoke(std::move(arn), std::move(by_role), std::move(payload));
  if (!answer) co_return std::unexpected(std::move(answer).error());
  if (!answer->error.empty()) co_return fail("FunctionError", answer->payload);
  co_return std::move(answer->payload);
}

/// All of a batch in one event, an array. What fails, fails from its first on.
asio::awaitable<Handed> hand_to_function(Core& core, ConfigPtr config, std::vector<Item> items, store::Batch& batch) {
  Handed handed;
  std::string payload = "[";
  for (Item& item : items) {
    if (payload.size() > 1) payload += ",";
    payload += as_json(std::move(item.delivery.payload));
  }
  payload += "]";
  if (config->target.waits) {
    const auto answer = co_await run_function(core, config->target.arn, std::move(payload));
    for (std::size_t i = 0; !answer && i < items.size(); ++i) {
      handed.failures.push_back({items[i].event, answer.error().message});
    }
    co_return handed;
  }
  std::vector<std::string> payloads(1, std::move(payload));
  cloud::Invoker by_role;
  cloud::Appended appended =
      co_await core.house.functions.queue(config->target.arn, std::move(by_role), std::move(payloads), batch);
  handed.after = std::move(appended.after);
  for (const cloud::Undelivered& one : appended.undelivered) {
    for (const Item& item : items) handed.failures.push_back({item.event, one.code + ": " + one.message});
  }
  co_return handed;
}

}  // namespace

asio::awaitable<Prepared> prepare(Core& core, PipePtr pipe, ConfigPtr config,
                                  std::span<const cloud::SourceEvent> events) {
  Prepared prepared;
  Surroundings surroundings = config->surroundings;
  surroundings.ingestion_time = to_iso8601(core.house.clock.now());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::string view = opened(events[i].json);
    json::Document document;
    const auto root = document.parse(view);
    if (!root) {
      prepared.failures.push_back({i, "The event cannot be read: " + root.error().message});
      continue;
    }
    if (!passes(*config, *root)) {
      core.figures.filtered.add();
      continue;
    }
    if (!config->enrichment) {
      prepared.items.push_back({i, delivery_of(*config, pipe->name.name, events[i].json, *root, surroundings)});
      continue;
    }
    const Enrichment& enrichment = *config->enrichment;
    std::string payload = enrichment.input.apply(events[i].json, *root, surroundings);
    cloud::HttpParameters http = enrichment.http.apply(*root);
    const Result<void> may = co_await may_enrich(core, pipe, config);
    if (!may) {
      prepared.failures.push_back({i, may.error().message});
      continue;
    }
    Result<std::string> answer = std::string();
    if (enrichment.function) {
      answer = co_await run_function(core, enrichment.arn, "[" + as_json(std::move(payload)) + "]");
    } else {
      answer = co_await core.house.pipe_ends.api_destinations->enrich(enrichment.arn, std::move(payload),
                                                                      std::move(http), pipe->owner);
    }
    if (!answer) {
      prepared.failures.push_back({i, answer.error().message});
    } else if (!answer->empty()) {  // nothing: the target is not for this event
      add_items(prepared.items, i, *config, pipe->name.name, *answer, surroundings);
    }
  }
  co_return prepared;
}

asio::awaitable<Handed> hand_over(Core& core, PipePtr pipe, ConfigPtr config, std::vector<Item> items,
                                  store::Batch& batch) {
  Handed handed;
  if (items.empty()) co_return handed;
  const Result<void> may = co_await may_hand_over(core, pipe, config);
  if (!may) {
    for (const Item& item : items) handed.failures.push_back({item.event, "NO_PERMISSIONS: " + may.error().message});
    co_return handed;
  }
  if (config->target.kind->is_outside()) {
    for (Item& item : items) {
      auto failed = co_await attempt(core, pipe, config, std::move(item));
      if (!failed) continue;
      handed.failures.push_back(*std::move(failed));
      break;
    }
    co_return handed;
  }
  if (config->target.function) co_return co_await hand_to_function(core, config, std::move(items), batch);
  std::vector<cloud::EventDelivery> deliveries;
  for (Item& item : items) deliveries.push_back(std::move(item.delivery));
  cloud::Appended appended = co_await config->target.kind->append(config->target.arn, std::move(deliveries), batch);
  handed.after = std::move(appended.after);
  for (const cloud::Undelivered& one : appended.undelivered) {
    handed.failures.push_back({items[one.delivery].event, one.code + ": " + one.message});
  }
  co_return handed;
}

}  // namespace signalbox::pipes
