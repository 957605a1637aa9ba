// What AWS/Events tells of a rule ("EventBridge metrics" in the EventBridge User Guide).
#pragma once

#include <memory>
#include <string>

#include "cloud/measures.h"
#include "services/events/names.h"

namespace signalbox::events {

struct RuleMeasures {
  RuleMeasures(cloud::Measures& measures, const BusId& bus, const std::string& rule);

  cloud::MeasurePtr matched;
  cloud::MeasurePtr triggered;
  cloud::MeasurePtr invocations;
  cloud::MeasurePtr latency;  // from ingestion to the commit that holds what a target in this store gets
};
using RuleMeasuresPtr = std::shared_ptr<const RuleMeasures>;

}  // namespace signalbox::events
