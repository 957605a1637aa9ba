#include "services/events/bus_target.h"

#include "services/events/delivery.h"
#include "services/events/event_text.h"
#include "services/events/router.h"

namespace signalbox::events {
namespace {

/// AWS's bound of an entry of PutEvents.
constexpr std::size_t kMaxEventBytes = 1024 * 1024;

/// Why the event cannot enter; empty when it can.
std::string refusal(const cloud::EventDelivery& delivery) {
  if (delivery.bus_event.source.empty() || delivery.bus_event.detail_type.empty()) {
    return "The event has no Source or no DetailType.";
  }
  if (delivery.bus_event.source.starts_with("aws.")) return "Source must not start with aws.";
  if (delivery.payload.size() > kMaxEventBytes) return "The event is too large.";
  json::Document document;
  const auto detail = document.parse(delivery.payload);
  return detail && detail->is_object() ? "" : "The detail of an event must be a JSON object.";
}

}  // namespace

Result<void> BusTarget::check(const cloud::Arn& target, const cloud::TargetParameters&) const {
  const auto id = bus_of(target);
  if (id && core_.buses.find(*id)) return {};
  if (id && id->name == kDefaultBus) return {};
  return fail("NotFoundException", "Event bus " + target.text() + " does not exist.");
}

asio::awaitable<cloud::Appended> BusTarget::append(std::string target, std::vector<cloud::EventDelivery> deliveries,
                                                   store::Batch& batch) {
  cloud::Appended appended;
  const auto id = bus_of(*cloud::Arn::parse(target));
  const bool there = id && (id->name == kDefaultBus || core_.buses.find(*id));
  Router router(core_);
  const Time now = core_.house.clock.now();
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    cloud::EventDelivery& delivery = deliveries[i];
    if (!there) {
      appended.undelivered.push_back({i, "NO_RESOURCE", "Event bus " + target + " does not exist."});
      continue;
    }
    const std::string why = refusal(delivery);
    if (!why.empty()) {
      appended.undelivered.push_back({i, "INVALID_PARAMETER", why});
      continue;
    }
    const cloud::ServiceEvent event{id->scope,
                                    std::move(delivery.bus_event.source),
                                    std::move(delivery.bus_event.detail_type),
                                    std::move(delivery.bus_event.resources),
                                    std::move(delivery.payload),
                                    delivery.bus_event.time};
    if (!router.enter(*id, text_of(event, core_.house.random.uuid(), now), delivery.trace_header)) {
      appended.undelivered.push_back({i, "INVALID_JSON", "The event is nested too deep."});
    }
  }
  core_.figures.own.add(deliveries.size() - appended.undelivered.size());
  appended.after = co_await events::append(core_, router.take(), batch);
  co_return appended;
}

}  // namespace signalbox::events
