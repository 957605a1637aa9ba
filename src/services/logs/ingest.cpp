#include "services/logs/ingest.h"

#include <algorithm>

#include "cloud/delivery_rights.h"
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
                              std::uint64_t first, store::Batch& batch, std::shared_ptr<AfterAll> after) {
  if (group->subscriptions.empty()) co_return;
  const Subscriptions subscriptions = group->subscriptions;  // they may change while a destination is waited for
  // In the order of their destinations, as everybody goes who holds several of them until the commit: in any other, two
  // may wait for each other.
  std::vector<Subscriptions::const_pointer> in_order;
  for (const auto& entry : subscriptions) in_order.push_back(&entry);
  std::ranges::stable_sort(in_order, {},
                           [](const auto* entry) -> const std::string& { return entry->second.record.destination; });
  for (const auto* entry : in_order) {
    const auto& [name, subscription] = *entry;
    const auto destination = cloud::Arn::parse(subscription.record.destination);
    cloud::EventTarget* const kind = destination ? core.house.event_targets.find(*destination) : nullptr;
    auto deliveries = deliveries_of(core, *group, stream->name, subscription, events, first);
    if (deliveries.empty()) continue;
    const std::size_t count = deliveries.size();
    cloud::Appended appended;
    Result<void> may;
    if (kind != nullptr) {
      const std::string source = cloud::make_arn("logs", group->record()->scope, "log-group:" + group->name);
      cloud::DeliveryRight right{"logs.amazonaws.com", source, subscription.record.role,
                                 subscription.record.destination};
      may = co_await cloud::may_deliver(core.house.authority, core.house.sessions, std::move(right));
    }
    if (!may) {
      for (std::size_t i = 0; i < count; ++i) {
        appended.undelivered.push_back({i, "NO_PERMISSIONS", may.error().message});
      }
    } else if (kind != nullptr) {
      appended = co_await kind->append(subscription.record.destination, std::move(deliveries), batch);
    } else {
      for (std::size_t i = 0; i < count; ++i)
        appended.undelivered.push_back({i, "NO_RESOURCE", "no such kind of destination"});
    }
    after->add(std::move(appended.after));
    for (const cloud::Undelivered& why : appended.undelivered) {
      core.figures.undelivered.add();
      core.house.log.warning("a subscription filter's destination could not take log events",
                             {{"group", group->name},
                              {"filter", name},
                              {"destination", subscription.record.destination},
                              {"error", why.code},
                              {"message", why.message}});
    }
  }
}

}  // namespace signalbox::logs
