// Archives and replays as the rest of the service has them.
#pragma once

#include <atomic>

#include "cloud/shards.h"
#include "cloud/turns.h"
#include "services/events/archives/archived_events.h"
#include "services/events/rule.h"
#include "services/events/webhooks/registry.h"
#include "store/store.h"

namespace signalbox::events {

struct Core;

struct Archives {
  Registry<Archive> archives;
  Registry<Replay> replays;  // an entry is replaced on the shard of its bus
  cloud::Turns turns;        // of making and removing; on shard 0
  /// The server stops: what goes on in the background ends, to be gone on with at the next start.
  std::atomic<bool> draining{false};
};

/// What the index of a bus has for an archive: like a rule, it is found by the events that match it. It is no rule that
/// anybody sees. Errors: InvalidEventPatternException.
Result<RulePtr> archive_rule(const Archive& archive);

/// Reads archives and replays, and sets going what was under way. Buses must be there. Errors: code "StoreError".
Result<void> load_archives(Core& core, const store::Snapshot& snapshot);

/// Runs the coroutine `work()` where archives and replays are made and removed, alone.
template <class Work>
auto alone(cloud::Shards& shards, Archives& archives, Work work) -> std::invoke_result_t<Work&> {
  auto in_turn = [&]() -> std::invoke_result_t<Work&> {
    const auto turn = co_await archives.turns.take();
    co_return co_await work();
  };
  co_return co_await cloud::on(shards.at(0), std::ref(in_turn));
}

}  // namespace signalbox::events
