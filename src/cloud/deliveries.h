// Deliveries to targets outside this server's store: each is a record, written by the batch that acknowledges the
// event, and is tried until it is done, by the target's retry policy. What stands behind a target is a kind of
// OutsideTarget.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "cloud/delivery_record.h"
#include "cloud/event_target.h"
#include "cloud/measures.h"
#include "cloud/shards.h"
#include "cloud/tap.h"

namespace signalbox::cloud {

/// What came of one attempt.
struct Attempt {
  enum class Outcome {
    kDelivered,
    kRetry,   // may do better another time
    kBusy,    // not now: tried again as after kRetry, and counts as no attempt
    kFailed,  // never will
  };
  Outcome outcome = Outcome::kDelivered;
  std::string code = {};  // as a dead letter's ERROR_CODE has it: CONNECTION_FAILURE, TIMEOUT, ERROR_FROM_TARGET ...
  std::string message = {};
  Duration retry_after{0};  // not sooner than this
  std::string answer = {};  // what the target said, for OutsideTarget::settle
};

class OutsideTarget;

/// The deliveries to one target (a lane) live on the shard that owns its ARN. A lane keeps the places of the next few
/// in memory and the rest in the store; it runs few attempts at a time while they fail and more while they succeed, so
/// that a target that hangs holds up nobody else and a million waiting deliveries need no memory. When lanes that take
/// long have all the room of a shard, every other one still gets a little (kLeastAtOnce).
class Deliveries {
 public:
  struct Environment {
    store::Store& store;
    Shards& shards;
    EventTargets& targets;
    Tap& tap;
    const Clock& clock;
    Random& random;
    Log& log;
    Metrics& metrics;
    Measures* measures = nullptr;  // null: AWS's metrics are not told of what fails
  };
  explicit Deliveries(const Environment& environment);
  ~Deliveries();

  /// Finds what waits in the store. Call when all kinds of targets are known and before the shards run.
  Result<void> load();

  /// Adds a record for each delivery to `batch`; they are tried after the commit. Any thread.
  AfterCommit append(OutsideTarget& kind, const std::string& target, std::vector<EventDelivery> deliveries,
                     store::Batch& batch);

  /// No attempt begins any more; those under way go on. Any thread.
  void drain() { draining_ = true; }

  /// Kept places a lane, and attempts at once of a lane and of a shard. Beyond those of a shard, up to
  /// kHardLimitOfShard, run only attempts of lanes that have less than kLeastAtOnce.
  static constexpr std::size_t kWindow = 256;
  static constexpr std::size_t kMaxAtOnce = 64;
  static constexpr std::size_t kMaxAtOnceOfShard = 1024;
  static constexpr std::size_t kLeastAtOnce = 2;
  static constexpr std::size_t kHardLimitOfShard = 4 * kMaxAtOnceOfShard;

 private:
  struct Lane;
  struct PerShard;

  Lane& lane_of(PerShard& shard, OutsideTarget& kind, const std::string& target);
  void offer(Lane& lane, const DeliveryPlace& place);
  void pump(Lane& lane);
  static bool has_room(const Lane& lane);
  void load_more(Lane& lane);
  void wake_at(Lane& lane, Time when);
  void release(Lane& lane, const DeliveryPlace& place);
  asio::awaitable<void> run(Lane& lane, DeliveryPlace place);
  asio::awaitable<Result<void>> attempt(Lane& lane, DeliveryPlace place);
  asio::awaitable<Result<void>> bury_unreadable(Lane& lane, DeliveryPlace place, std::string bytes);
  asio::awaitable<Result<void>> conclude(Lane& lane, DeliveryPlace place, Delivery delivery, Attempt attempt);
  asio::awaitable<Result<void>> again(Lane& lane, DeliveryPlace place, Delivery delivery, Duration wait);
  asio::awaitable<Result<void>> give_up(Lane& lane, DeliveryPlace place, Delivery delivery, Attempt last,
                                        std::string exhausted);
  Duration backoff(const Delivery& delivery);
  void note(const Lane& lane, const Delivery& delivery, DeliveryNote::Outcome outcome,
            std::optional<Time> next_attempt = {});

  const Environment with_;
  Counter& attempts_;
  Counter& delivered_;
  Counter& retried_;
  Counter& dead_lettered_;
  Counter& dropped_;
  std::atomic<std::uint64_t> next_sequence_;
  std::atomic<bool> draining_{false};
  std::vector<std::unique_ptr<PerShard>> shards_;
};

/// A kind of target outside: says how to try once, and the rest is done.
class OutsideTarget : public EventTarget {
 public:
  explicit OutsideTarget(Deliveries& deliveries) : deliveries_(deliveries) {}

  asio::awaitable<Appended> append(std::string target, std::vector<EventDelivery> deliveries,
                                   store::Batch& batch) final {
    co_return Appended{deliveries_.append(*this, target, std::move(deliveries), batch), {}};
  }

  bool is_outside() const final { return true; }

  /// Tries once, on `shard`'s thread, within a bound of its own. `delivery` lives until the awaitable is done.
  virtual asio::awaitable<Attempt> attempt(std::string target, const Delivery& delivery, Shard& shard) = 0;

  /// A delivery comes to its end: `last` delivered it, or was the last attempt (without a code: none was made, it grew
  /// too old). Adds to `batch`, which removes its record, what else that changes. On the thread of the target's shard.
  virtual asio::awaitable<AfterCommit> settle(std::string target, const Delivery& delivery, const Attempt& last,
                                              store::Batch& batch) {
    static_cast<void>(target);
    static_cast<void>(delivery);
    static_cast<void>(last);
    static_cast<void>(batch);
    co_return AfterCommit();
  }

  /// Whether settle() sees to what becomes of deliveries that are given up, and their policies name no queue for them.
  virtual bool buries_its_own() const { return false; }

  /// A delivery has come to its end: it is done, or was given up after the last attempt that it tells of. On the
  /// thread of the target's shard, after the commit.
  virtual void ended(const std::string& target, const Delivery& delivery, bool delivered) {
    static_cast<void>(target);
    static_cast<void>(delivery);
    static_cast<void>(delivered);
  }

  /// Attempts that may begin within a second; 0 for no bound.
  virtual std::int64_t rate(const std::string& target) const {
    static_cast<void>(target);
    return 0;
  }

 private:
  Deliveries& deliveries_;
};

}  // namespace signalbox::cloud
