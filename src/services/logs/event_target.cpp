#include "services/logs/event_target.h"

#include "base/time_text.h"
#include "json/json.h"
#include "services/logs/ingest.h"
#include "services/logs/metric_filters.h"

namespace signalbox::logs {
namespace {

bool is_event(json::Value value) {
  for (const char* name : {"id", "detail-type", "source", "account", "time", "region", "detail"}) {
    if (!value.find(name)) return false;
  }
  return true;
}

std::optional<Millis> timestamp_of(json::Value value) {
  if (value.is_number()) return value.as_integer();
  if (!value.is_string()) return std::nullopt;
  json::Document document;
  const std::string text = value.as_string();
  const auto number = document.parse(text);
  if (number && number->is_number()) return number->as_integer();
  const auto time = from_iso8601(text);
  return time ? std::optional(millis_of(*time)) : std::nullopt;
}

cloud::Appended none_taken(std::size_t count, const std::string& message) {
  cloud::Appended appended;
  for (std::size_t i = 0; i < count; ++i) appended.undelivered.push_back({i, "NO_RESOURCE", message});
  return appended;
}

}  // namespace

Result<RuleLogEvent> log_event_of(std::string payload) {
  const auto wrong = [] {
    return fail("INVALID_PARAMETER",
                R"(A log group takes events, and of an input transformer {"timestamp":...,"message":...}.)");
  };
  json::Document document;
  const auto root = document.parse(payload);
  if (!root || !root->is_object()) return wrong();
  if (is_event(*root)) {
    const json::Value time = *root->find("time");
    const auto read = time.is_string() ? from_iso8601(time.as_string()) : std::nullopt;
    return RuleLogEvent{read ? std::optional(millis_of(*read)) : std::nullopt, std::move(payload)};
  }
  const auto timestamp = root->find("timestamp");
  const auto message = root->find("message");
  if (!timestamp || !message) return wrong();
  const auto time = timestamp_of(*timestamp);
  if (!time) return wrong();
  std::string text = message->is_string() ? message->as_string() : std::string(message->raw());
  if (text.empty()) return wrong();
  return RuleLogEvent{time, std::move(text)};
}

Result<void> GroupTarget::check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const {
  if (parameters.http) return cloud::not_for_this_target("HttpParameters", parameters.id);
  if (parameters.message_group_id) return cloud::not_for_this_target("SqsParameters", parameters.id);
  if (!group_of_arn(target)) {
    return fail("ValidationException", "Parameter " + target.text() + " is not valid. Reason: it names no log group.");
  }
  return {};
}

asio::awaitable<cloud::Appended> GroupTarget::append(std::string target, std::vector<cloud::EventDelivery> deliveries,
                                                     store::Batch& batch) {
  const std::size_t count = deliveries.size();
  const auto arn = cloud::Arn::parse(target);
  const auto name = arn ? group_of_arn(*arn) : std::nullopt;
  const GroupPtr group = name ? core_.find(arn->scope(), *name) : nullptr;
  if (!group) co_return none_taken(count, no_such_group().error().message);
  auto work = [&]() -> asio::awaitable<Result<cloud::Appended>> {
    co_return co_await append_here(group, std::move(deliveries), batch);
  };
  auto appended = co_await with_group(group, std::ref(work));
  if (!appended) co_return none_taken(count, appended.error().message);
  co_return *std::move(appended);
}

asio::awaitable<cloud::Appended> GroupTarget::append_here(GroupPtr group, std::vector<cloud::EventDelivery> deliveries,
                                                          store::Batch& batch) {
  cloud::Appended appended;
  const Millis now = millis_of(core_.house.clock.now());
  const auto kept = std::make_shared<std::vector<RuleLogEvent>>();
  std::vector<RuleLogEvent>& taken = *kept;
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    auto event = log_event_of(std::move(deliveries[i].payload));
    if (event) {
      taken.push_back(*std::move(event));
    } else {
      appended.undelivered.push_back({i, event.error().code, event.error().message});
    }
  }
  if (taken.empty()) co_return appended;
  std::vector<NewEvent> events;  // of what is kept
  for (const RuleLogEvent& event : taken) {
    const Millis time = event.time.value_or(now);
    // AWS's bounds of the times that PutLogEvents takes hold here, too: what is beyond them is of now.
    events.push_back({time < now - kMaxAge || time > now + kMaxAhead ? now : time, event.message});
  }
  StreamPtr stream = group->streams().find(group->events_stream);
  if (!stream) {
    group->events_stream = core_.house.random.uuid();
    group->events_stream_is_durable = false;
    stream = make_stream(*group, group->events_stream, now, batch);
  } else if (!group->events_stream_is_durable) {
    batch.put(stream_key(group->id, stream->name),
              store::encode(stream->record));  // whichever batch comes first brings it
  }
  cloud::Settlement settlement;
  settlement.add(ingest(core_, group, stream, events, batch));
  co_await forward(core_, group, stream, events, group->last_begun(), batch, settlement);
  settlement.add([this, group, stream, kept, events](bool committed) {
    if (!committed) return;
    const auto durable = [this, group, stream, kept, events] {
      if (group->events_stream == stream->name) group->events_stream_is_durable = true;
      measure(core_, *group, events);
    };
    group->shard.is_current() ? durable() : group->shard.post(durable);
  });
  appended.after = cloud::Settlement::as_one(std::move(settlement));
  co_return appended;
}

}  // namespace signalbox::logs
