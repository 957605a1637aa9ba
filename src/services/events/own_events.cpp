#include "services/events/own_events.h"

#include "services/events/delivery.h"
#include "services/events/event_text.h"
#include "services/events/router.h"

namespace signalbox::events {
namespace {

/// What CloudTrail's events of API calls are called.
constexpr std::string_view kApiCall = "AWS API Call via CloudTrail";

BusId default_bus(const cloud::Scope& scope) {
  return {scope, std::string(kDefaultBus)};
}

}  // namespace

bool OwnEvents::wanted(const cloud::Scope& scope) const {
  const BusPtr bus = core_.buses.find(default_bus(scope));
  const auto index = bus ? bus->index() : nullptr;
  return (index != nullptr && !index->empty()) || core_.house.tap.is_watched();
}

asio::awaitable<cloud::AfterCommit> OwnEvents::append(std::vector<cloud::ServiceEvent> events, store::Batch& batch) {
  Router router(core_);
  const Time now = core_.house.clock.now();
  for (const cloud::ServiceEvent& event : events) {
    const std::string text = text_of(event, core_.house.random.uuid(), now);
    if (event.detail_type == kApiCall) {
      router.enter_api_call(default_bus(event.scope), text, event.read_only_call);
    } else {
      router.enter(default_bus(event.scope), text, "");
    }
  }
  core_.figures.own.add(events.size());
  co_return co_await events::append(core_, router.take(), batch);
}

}  // namespace signalbox::events
