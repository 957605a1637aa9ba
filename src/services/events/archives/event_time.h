// The time of an event, from its text.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace signalbox::events {

/// The `time` at the top of an event, the text of a JSON object without white space between tokens. Quick where only
/// members with strings stand before it, as in every event of EventBridge. Empty optional without a time that can be
/// read.
std::optional<Time> event_time(std::string_view event);

}  // namespace signalbox::events
