#include "services/events/core.h"

namespace signalbox::events {

Figures::Figures(Metrics& metrics)
    : received(metrics.counter("signalbox_events_received_total", "Entries of PutEvents calls.")),
      failed(metrics.counter("signalbox_events_failed_total", "Entries of PutEvents calls that were refused.")),
      matches(metrics.counter("signalbox_events_matched_total", "Rules matched by events.")),
      deliveries(metrics.counter("signalbox_events_deliveries_total", "Events handed to targets.")),
      dropped(metrics.counter("signalbox_events_dropped_total", "Events that their target could not take.")),
      dead_lettered(metrics.counter("signalbox_events_dead_lettered_total", "Events sent to dead-letter queues.")),
      scheduled(metrics.counter("signalbox_events_scheduled_total", "Times that schedules of rules came due.")),
      own(metrics.counter("signalbox_events_of_services_total", "Events that services put on default buses.")),
      archived(metrics.counter("signalbox_events_archived_total", "Events put in archives.")),
      replayed(metrics.counter("signalbox_events_replayed_total", "Archived events that were replayed.")),
      match_time(metrics.histogram("signalbox_events_match_seconds", "Time to find the rules that an event matches.")) {
}

Result<BusPtr> find_bus(Core& core, const cloud::Scope& caller, const std::optional<std::string>& name_or_arn) {
  const auto id = resolve_bus(caller, name_or_arn);
  if (!id) return std::unexpected(id.error());
  return core.buses.need(*id);
}

std::unexpected<Error> not_supported_yet(std::string_view field, std::string_view why) {
  return fail("ValidationException", std::string(field) + " is not supported yet" + std::string(why) + ".");
}

}  // namespace signalbox::events
