#include "services/pipes/carry.h"

#include <algorithm>

#include "base/time_text.h"
#include "cloud/item_failures.h"
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

/// Whether an enrichment's answer says that there is nothing for the target.
bool is_nothing(json::Value answer) {
  if (answer.is_null()) return true;
  if (answer.is_string()) return answer.raw().size() == 2;
  return (answer.is_object() || answer.is_array()) && answer.size() == 0;
}

/// What an enrichment answered takes the place of the events it was asked about: an array item by item.
class Answered {
 public:
  Answered(Prepared& prepared, const Config& config, const std::string& pipe, const Surroundings& surroundings)
      : prepared_(prepared), config_(config), pipe_(pipe), surroundings_(surroundings) {}

  void take(const std::vector<std::size_t>& events, std::string_view answer) {
    json::Document document;
    const auto root = document.parse(answer);
    if (answer.empty() || (root && is_nothing(*root))) return;
    if (root && root->is_array()) {
      const bool one_each = root->size() == events.size();
      std::size_t place = 0;
      for (const json::Value element : root->elements()) {
        add(events[one_each ? place++ : 0], element.raw(), element);
      }
      if (!one_each) prepared_.together = events;
      return;
    }
    if (events.size() > 1) prepared_.together = events;
    if (root) return add(events.front(), answer, *root);
    // No JSON: a text.
    std::string quoted;
    json::append_string(quoted, answer);
    const auto as_text = document.parse(quoted);
    add(events.front(), answer, *as_text);
  }

 private:
  void add(std::size_t event, std::string_view text, json::Value view) {
    prepared_.items.push_back({event, delivery_of(config_, pipe_, text, view, surroundings_), {}});
  }

  Prepared& prepared_;
  const Config& config_;
  const std::string& pipe_;
  const Surroundings& surroundings_;
};

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

/// What a function's answer says of the batch. One of another form says nothing of it: functions return what they like.
std::vector<Failure> failures_in(const std::string& answer, const std::vector<Item>& items) {
  std::vector<Failure> failures;
  json::Document document;
  const auto root = document.parse(answer);
  if (!root || !root->is_object()) return failures;
  std::vector<std::string> names;
  for (const Item& item : items) names.push_back(item.name);
  const auto failed = cloud::failed_items(answer, names);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (failed && !failed->contains(i)) continue;
    failures.push_back({items[i].event, failed ? "The function reported the item as failed."
                                               : "The function's batchItemFailures cannot be read, or name an item "
                                                 "that the batch does not have."});
  }
  return failures;
}

/// What a function gets: all of a batch in one event, an array.
std::string function_event(std::vector<Item>& items) {
  std::string payload = "[";
  for (Item& item : items) {
    if (payload.size() > 1) payload += ",";
    payload += as_json(std::move(item.delivery.payload));
  }
  return payload + "]";
}

/// All of it fails, or what the function's answer names.
asio::awaitable<Handed> wait_for_function(Core& core, ConfigPtr config, std::vector<Item> items) {
  Handed handed;
  const auto answer = co_await run_function(core, config->target.arn, function_event(items));
  if (answer) {
    handed.failures = failures_in(*answer, items);
    handed.partly = true;
    co_return handed;
  }
  for (const Item& item : items) handed.failures.push_back({item.event, answer.error().message});
  co_return handed;
}

/// What an enrichment is asked.
struct Question {
  std::size_t event = 0;
  std::string payload;
  cloud::HttpParameters http;
};

/// Asks about all events at once: a function gets an array of them.
asio::awaitable<Result<std::string>> ask_function(Core& core, std::string arn, std::vector<Question> questions) {
  std::string payload = "[";
  for (Question& question : questions) {
    if (payload.size() > 1) payload += ",";
    payload += as_json(std::move(question.payload));
  }
  payload += "]";
  co_return co_await run_function(core, std::move(arn), std::move(payload));
}

asio::awaitable<void> enrich(Core& core, PipePtr pipe, ConfigPtr config, std::vector<Question> questions,
                             const Surroundings& surroundings, Prepared& prepared) {
  Answered answered(prepared, *config, pipe->name.name, surroundings);
  const auto judge = [&](const std::vector<std::size_t>& events, const Result<std::string>& answer) {
    if (answer) return answered.take(events, *answer);
    for (const std::size_t event : events) prepared.failures.push_back({event, answer.error().message});
  };
  std::vector<std::size_t> all;
  for (const Question& question : questions) all.push_back(question.event);
  const Enrichment& enrichment = *config->enrichment;
  const Result<void> may = co_await may_enrich(core, pipe, config);
  if (!may) {
    judge(all, std::unexpected(may.error()));
  } else if (enrichment.function) {
    const Result<std::string> answer = co_await ask_function(core, enrichment.arn, std::move(questions));
    judge(all, answer);
  } else {
    for (Question& question : questions) {
      const Result<std::string> answer = co_await core.house.pipe_ends.api_destinations->enrich(
          enrichment.arn, std::move(question.payload), std::move(question.http), pipe->owner);
      std::vector<std::size_t> events(1, question.event);
      judge(events, answer);
    }
  }
}

}  // namespace

asio::awaitable<Prepared> prepare(Core& core, PipePtr pipe, ConfigPtr config,
                                  std::span<const cloud::SourceEvent> events) {
  Prepared prepared;
  Surroundings surroundings = config->surroundings;
  surroundings.ingestion_time = to_iso8601(core.house.clock.now());
  std::vector<Question> questions;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::string view = opened(events[i].json);
    json::Document document;
    const auto root = document.parse(view);
    if (!root) {
      prepared.failures.push_back({i, "The event cannot be read: " + root.error().message});
    } else if (!passes(*config, *root)) {
      core.figures.filtered.add();
    } else if (const auto& enrichment = config->enrichment) {
      questions.push_back(
          {i, enrichment->input.apply(events[i].json, *root, surroundings), enrichment->http.apply(*root)});
    } else {
      prepared.items.push_back({i, delivery_of(*config, pipe->name.name, events[i].json, *root, surroundings), {}});
    }
  }
  if (!questions.empty()) co_await enrich(core, pipe, config, std::move(questions), surroundings, prepared);
  if (config->target.waits) {
    for (Item& item : prepared.items) item.name = cloud::item_name(events[item.event], config->from_stream);
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
  if (config->target.function && config->target.waits) {
    co_return co_await wait_for_function(core, config, std::move(items));
  }
  cloud::Outbox outbox(core.house, {.service = "pipes.amazonaws.com"});
  if (config->target.function) {
    cloud::EventDelivery all;
    all.payload = function_event(items);
    all.by_role = true;
    outbox.add_allowed(config->target.kind, config->target.arn, std::move(all));
  } else {
    for (Item& item : items) outbox.add_allowed(config->target.kind, config->target.arn, std::move(item.delivery));
  }
  const auto failures = co_await outbox.append(batch, handed.settlement);
  for (const cloud::Outbox::Failure& one : failures) {
    const std::string why = one.code + ": " + one.message;
    if (outbox.count() == items.size()) {
      handed.failures.push_back({items[one.delivery].event, why});
    } else {
      for (const Item& item : items) handed.failures.push_back({item.event, why});
    }
  }
  co_return handed;
}

}  // namespace signalbox::pipes
