// The transactional outbox: what one commit brings to targets. What targets keep in this server's store, and the record
// of each delivery to one outside, is part of the very batch that acknowledges whatever brought it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cloud/event_target.h"
#include "cloud/service_events.h"
#include "store/store.h"

namespace signalbox::cloud {

struct House;

/// Who is to be told how a commit ended: each once, whichever way the owner is left.
class Settlement {
 public:
  Settlement() = default;
  Settlement(Settlement&& other) noexcept : waiting_(std::exchange(other.waiting_, {})) {}
  Settlement& operator=(Settlement&& other) noexcept {
    settle(false);
    waiting_ = std::exchange(other.waiting_, {});
    return *this;
  }
  ~Settlement() { settle(false); }
  /// Empty ones are passed over.
  void add(AfterCommit after) {
    if (after) waiting_.push_back(std::move(after));
  }
  void settle(bool committed) {
    for (const AfterCommit& after : std::exchange(waiting_, {})) after(committed);
  }
  /// The same as one of those who are told; dropping that says that the commit failed.
  static AfterCommit as_one(Settlement all);

 private:
  std::vector<AfterCommit> waiting_;
};

/// On whose behalf an outbox delivers.
struct Sender {
  std::string_view
      service;  // a literal, "events.amazonaws.com": its right to each target is asked (cloud/delivery_rights.h)
  std::string account = {};     // of the sources, where their ARNs do not tell
  bool buries_by_role = false;  // dead letters go by the delivery's role; else by the service's own name
};

/// Deliveries that are committed together. Not for long keeping, and of one coroutine at a time.
class Outbox {
 public:
  /// A delivery that its target did not take.
  struct Failure {
    enum class Letter { kNone, kSent, kLost };
    std::size_t delivery;  // as add() numbered it
    std::string target;
    std::string source;  // what brought it: ARN; "" where that was not said
    std::string code;    // as a dead letter's ERROR_CODE has it: NO_PERMISSIONS, NO_RESOURCE, INVALID_PARAMETER
    std::string message;
    Letter letter = Letter::kNone;  // what came of its dead letter
    std::string queue = {};         // for that: ARN
    std::string why_lost = {};
  };

  Outbox(const House& house, Sender sender);
  Outbox(Outbox&&) noexcept;
  ~Outbox();

  /// Adds a delivery to a target of that kind (null: there is none of that kind here), by `role` or, where that is "",
  /// the service's own name. What brings it says its `source_arn`, or its policy; for whom it is, the policy where that
  /// is not the target. Numbered from 0.
  std::size_t add(EventTarget* kind, const std::string& target, EventDelivery delivery, std::string role = {});
  /// The same where whoever adds it has seen to it that it may.
  std::size_t add_allowed(EventTarget* kind, const std::string& target, EventDelivery delivery);
  /// Adds one that has failed already: its dead letter goes, if its policy names a queue. Numbered with the others.
  std::size_t add_failed(const std::string& target, EventDelivery delivery, std::string code, std::string message);
  /// An event for a default bus, in the same commit.
  void announce(ServiceEvent event);

  bool empty() const { return count_ == 0 && events_.empty(); }
  /// Deliveries that were added.
  std::size_t count() const { return count_; }

  /// Adds to `batch` what delivering all of it changes, target by target in the order of their ARNs, as all who append
  /// to several do, so that no two commits wait for each other. What a target does not take, or the sender may not
  /// deliver, goes to the dead-letter queue of its policy in the same batch. Whoever commits the batch settles
  /// `settlement`. Once. Returns what failed.
  asio::awaitable<std::vector<Failure>> append(store::Batch& batch, Settlement& settlement);

  /// The same, committed with what `batch` holds, and settled. Errors: those of the store; then nothing is kept.
  asio::awaitable<Result<std::vector<Failure>>> commit(store::Batch batch = {});

 private:
  struct ToOne;
  asio::awaitable<void> append_to(const std::string& target, ToOne& to_one, store::Batch& batch,
                                  Settlement& settlement);
  asio::awaitable<void> bury(const std::string& queue, ToOne& letters, store::Batch& batch, Settlement& settlement);
  asio::awaitable<std::vector<Undelivered>> append_allowed(const std::string& target, ToOne& to_one,
                                                           store::Batch& batch, Settlement& settlement);
  /// `delivery`: null where no dead letter may come of it.
  void fail(Failure failure, const EventDelivery* delivery, std::string role);

  const House& house_;
  Sender sender_;
  std::size_t count_ = 0;
  std::map<std::string, ToOne, std::less<>> targets_;
  std::map<std::string, ToOne, std::less<>> dead_;  // by queue
  std::vector<ServiceEvent> events_;
  std::vector<Failure> failures_;
};

}  // namespace signalbox::cloud
