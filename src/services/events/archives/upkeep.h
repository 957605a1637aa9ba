// What archives need from time to time: closed segments are packed, and events that are kept no longer are erased.
#pragma once

#include "services/events/core.h"

namespace signalbox::events {

/// Sees to it, from now on, that the archive is tended when there is something to do. Its events must have been loaded.
/// Any thread, also before the shards run.
void begin_upkeep(Core& core, const Archive& archive);

/// The archive's retention has changed. Any thread.
void wake_upkeep(Core& core, const Archive& archive);

}  // namespace signalbox::events
