#include "services/logs/ingest.h"

#include <algorithm>

#include "services/logs/subscription.h"

namespace signalbox::logs {
namespace {

/// AWS/Logs' figures of a group ("Monitoring with CloudWatch metrics" in the CloudWatch Logs User Guide).
void tell_incoming(Core& core, const Group& group, std::size_t events, std::uint64_t bytes) {
  cloud::MetricId id{group.record()->scope, "AWS/Logs", "IncomingLogEvents", {{"LogGroupName", group.name}}};
  core.house.measures.record(id, "Count", static_cast<double>(events));
  id.name = "IncomingBytes";
  core.house.measures.record(std::move(id), "Bytes", static_cast<double>(bytes));
}

}  // namespace

StreamPtr make_stream(Group& group, std::string name, Millis now, store::Batch& batch) {
  StreamRecord record;
  record.id = group.next_stream++;
  record.created = now;
  batch.put(stream_key(group.id, name), store::encode(record));
  auto stream = std::make_shared<Stream>(Stream{std::move(name), record});
  group.streams().add(stream);
  return stream;
}

cloud::AfterCommit ingest(Core& core, const GroupPtr& group, const StreamPtr& stream, std::span<const NewEvent> events,
                          store::Batch& batch) {
  const Millis now = millis_of(core.house.clock.now());
  FrameWriter frame(stream->record.id, now, events.size());
  std::uint64_t bytes = 0;
  for (const NewEvent& event : events) {
    frame.add(event.time, event.message);
    bytes += event.message.size() + kEventOverhead;
  }
  const std::uint64_t first = group->begin_frame(events.size());
  batch.put(frame_key(group->id, first), std::move(frame).take());
  const auto [min, max] = std::ranges::minmax(events, {}, &NewEvent::time);
  auto settle = [&core, group, stream, first, bytes, now, min_time = min.time, max_time = max.time,
                 count = events.size()](bool committed) {
    group->settle_frame(first);
    if (!committed) return;
    group->count_frame(bytes, max_time);
    stream->record.count(min_time, max_time, now);
    core.figures.events.add(count);
    core.figures.bytes.add(bytes);
    tell_incoming(core, *group, count, bytes);
    seal_when_due(core, group);
    sweep_when_due(core, group);
  };
  return [group, settle](bool committed) {
    if (group->shard.is_current()) return settle(committed);
    group->shard.post([settle, committed] { settle(committed); });
  };
}

asio::awaitable<void> forward(Core& core, GroupPtr group, StreamPtr stream, std::span<const NewEvent> events,
                              std::uint64_t first, store::Batch& batch, cloud::Settlement& settlement) {
  if (group->subscriptions.empty()) co_return;
  cloud::Outbox outbox(core.house, {.service = "logs.amazonaws.com"});
  std::vector<std::string> filters;  // of each delivery
  for (const auto& [name, subscription] : group->subscriptions) {
    const auto destination = cloud::Arn::parse(subscription.record.destination);
    cloud::EventTarget* const kind = destination ? core.house.event_targets.find(*destination) : nullptr;
    for (auto& delivery : deliveries_of(core, *group, stream->name, subscription, events, first)) {
      outbox.add(kind, subscription.record.destination, std::move(delivery), subscription.record.role);
      filters.push_back(name);
    }
  }
  const auto failures = co_await outbox.append(batch, settlement);
  for (const auto& why : failures) {
    core.figures.undelivered.add();
    core.house.log.warning("a subscription filter's destination could not take log events",
                           {{"group", group->name},
                            {"filter", filters[why.delivery]},
                            {"destination", why.target},
                            {"error", why.code},
                            {"message", why.message}});
  }
}

}  // namespace signalbox::logs
