// Replays under way: archived events enter their bus again, in order, chunk by chunk.
#pragma once

#include "services/events/core.h"

namespace signalbox::events {

/// Goes on with a replay that is registered and active, from its mark, until it is done, cancelled or its archive is
/// gone. What a chunk brings and the mark behind it are one commit: after a restart nothing is missing or twice. Any
/// thread, also before the shards run.
void run_replay(Core& core, const Replay& replay);

inline constexpr std::string_view kStarting = "STARTING";
inline constexpr std::string_view kRunning = "RUNNING";
inline constexpr std::string_view kCancelling = "CANCELLING";
inline constexpr std::string_view kCancelled = "CANCELLED";
inline constexpr std::string_view kCompleted = "COMPLETED";
inline constexpr std::string_view kFailed = "FAILED";

}  // namespace signalbox::events
