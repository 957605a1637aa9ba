// From matched rules to their targets: what one call, or one due schedule, brings, in one commit.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/outbox.h"
#include "services/events/archives/archived_events.h"
#include "services/events/core.h"
#include "services/events/matched_event.h"
#include "services/events/rule.h"

namespace signalbox::events {

/// All that is to be delivered in one commit.
class Outbox {
 public:
  explicit Outbox(Core& core);
  /// Adds the event as the target wants it. The target is no event bus.
  void add(const Target& target, const MatchedEvent& event, const std::string& trace_header);
  /// The target did not take the event: it goes to its dead-letter queue, or is lost.
  void refuse(const Target& target, const cloud::Undelivered& why, std::string_view event);
  /// The event goes into the archive.
  void archive(const std::shared_ptr<ArchivedEvents>& archive, std::string_view event, Time now);
  /// A rule was triggered, by an event that matched it or by its schedule, and its targets have been added.
  void count(const Rule& rule, bool matched);
  bool empty() const { return outgoing_.empty() && deposits_.empty() && counts_.empty(); }

 private:
  friend asio::awaitable<cloud::AfterCommit> append(Core& core, Outbox outbox, store::Batch& batch);
  cloud::Outbox outgoing_;
  /// What is told to whoever watches, delivery by delivery, when the commit is done. Nothing while nobody watches.
  struct Note {
    std::size_t delivery;
    std::string event_id;
    std::string rule;
    std::string target;
    bool outside;
  };
  static void tell(Core& core, const std::vector<Note>& notes, const std::vector<cloud::Outbox::Failure>& failures);
  std::vector<Note> notes_;
  /// One for each archive that takes something, and all that they take.
  std::vector<std::unique_ptr<Deposit>> deposits_;
  store::Batch archived_;
  /// What is told of rules when it is done.
  struct Count {
    RuleMeasuresPtr measures;
    double matched = 0;
    double triggered = 0;
    double invocations = 0;
    bool inside = false;  // a target keeps its things in this store
  };
  static void tell(const std::vector<Count>& counts, Duration took);
  std::vector<Count> counts_;
  Core& core_;
};

/// Adds to `batch` what delivering all of it changes. What a target cannot take goes to the dead-letter queue that its
/// rule names, in the same batch, or is lost, and nobody else's is. What is returned is to be run after the commit;
/// dropping it says that the commit failed.
asio::awaitable<cloud::AfterCommit> append(Core& core, Outbox outbox, store::Batch& batch);

/// Delivers all and commits it with what `batch` holds or, on an error of the store, nothing.
asio::awaitable<Result<void>> deliver(Core& core, Outbox outbox, store::Batch batch = {});

}  // namespace signalbox::events
