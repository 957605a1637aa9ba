// What metric filters make of log events: samples of metrics.
#pragma once

#include <span>

#include "services/logs/ingest.h"

namespace signalbox::logs {

/// Records what the group's metric filters find in those events, which are committed. On the group's shard.
void measure(Core& core, const Group& group, std::span<const NewEvent> events);

/// A filter that is complete. Errors: InvalidParameterException with what is wrong.
Result<MetricFilter> compile_metric_filter(MetricFilterRecord record);

}  // namespace signalbox::logs
