// Rules that act by the clock.
#pragma once

#include <string>
#include <string_view>

#include "services/events/core.h"
#include "store/plain_records.h"

namespace signalbox::events {

/// The schedule of a rule's expression. Errors: ValidationException, as PutRule answers.
Result<schedule::Schedule> parse_schedule(const std::string& expression);

/// Until when a rule's schedule has been seen to: earlier times are past, whether the rule acted on them or not.
/// To be in the batch that stores a rule whose schedule begins to count, and erased with the rule.
store::Key seen_key(const BusId& bus, std::string_view rule);
using SeenRecord = store::TimeRecord;

/// Sets the alarm for the rule's first time after `seen`, in place of any that was set; none for a rule that is gone,
/// disabled or without a schedule. What is due already fires at once, the last time only, and nothing that is more
/// than a day late: as long as AWS keeps trying to deliver an event. On the bus's shard.
void arm_schedule(Core& core, const BusPtr& bus, const std::string& rule, Time seen);

}  // namespace signalbox::events
