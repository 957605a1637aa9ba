#include "services/events/rule_measures.h"

namespace signalbox::events {

RuleMeasures::RuleMeasures(cloud::Measures& measures, const BusId& bus, const std::string& rule) {
  cloud::MetricId id{bus.scope, "AWS/Events", "", {{"RuleName", rule}}};
  if (!bus.is_default()) id.dimensions["EventBusName"] = bus.name;
  const auto make = [&](const char* name, const char* unit) {
    id.name = name;
    return measures.make(id, unit);
  };
  matched = make("MatchedEvents", "Count");
  triggered = make("TriggeredRules", "Count");
  invocations = make("Invocations", "Count");
  latency = make("IngestionToInvocationStartLatency", "Milliseconds");
}

}  // namespace signalbox::events
