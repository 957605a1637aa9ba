// How log events come in, whoever brings them: into the tail of their group, and on to its subscription filters.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "cloud/outbox.h"
#include "services/logs/core.h"

namespace signalbox::logs {

/// How old events may be, and how far ahead of the server's time (PutLogEvents).
inline constexpr Millis kMaxAge = 14LL * 24 * 3600 * 1000;
inline constexpr Millis kMaxAhead = 2LL * 3600 * 1000;

struct NewEvent {
  Millis time = 0;
  std::string_view message;
};

/// Makes a stream, from now on known to all; its record goes into `batch`. On the group's shard. After a commit that
/// failed, remove it again from the table.
StreamPtr make_stream(Group& group, std::string name, Millis now, store::Batch& batch);

/// Adds the events, of any times in order, to `batch`. On the group's shard. The result is to be called when the batch
/// was committed or was not.
cloud::AfterCommit ingest(Core& core, const GroupPtr& group, const StreamPtr& stream, std::span<const NewEvent> events,
                          store::Batch& batch);

/// Adds to `batch` what the group's subscription filters make of the events, which `ingest` numbered from `first` on.
/// On the group's shard. What a destination cannot take is dropped and logged.
asio::awaitable<void> forward(Core& core, GroupPtr group, StreamPtr stream, std::span<const NewEvent> events,
                              std::uint64_t first, store::Batch& batch, cloud::Settlement& settlement);

}  // namespace signalbox::logs
