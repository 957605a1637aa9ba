// What passes through the server, for whoever watches it live: events as they enter a bus, and what becomes of each
// delivery. Costs one load of a flag while nobody watches.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "cloud/scope.h"
#include "cloud/shards.h"

namespace signalbox::cloud {

/// What became of one delivery, or of one attempt at it.
struct DeliveryNote {
  enum class Outcome { kDelivered, kRetrying, kDeadLettered, kDropped };
  std::string_view event_id;
  std::string_view rule;    // ARN
  std::string_view target;  // ARN
  Outcome outcome = Outcome::kDelivered;
  std::int64_t attempts = 1;  // so far
  std::string_view code = {};
  std::string_view message = {};
  std::optional<Time> next_attempt = {};
};

/// What a watch is to see: the events of one account and Region.
struct WatchFilter {
  Scope scope;
  std::string bus;      // name; "" for every bus
  std::string pattern;  // an event pattern; "" for every event
};

/// Safe from any thread.
class Tap {
 public:
  /// All are borrowed.
  Tap(Shards& shards, const Clock& clock, Random& random);
  ~Tap();

  /// Whether anybody watches: ask before making anything for event() or note().
  bool is_watched() const { return watched_.load(std::memory_order_relaxed); }
  /// An event entered a bus and matched the rules of those names.
  void event(const Scope& scope, std::string_view bus, std::string_view text, std::span<const std::string_view> rules);
  void note(const DeliveryNote& note);

  /// Begins a watch, known by the name returned. It ends when it is not read for a minute.
  /// Errors: InvalidEventPatternException; LimitExceededException with kMaxWatches already.
  Result<std::string> watch(WatchFilter filter);
  /// What came since the last read, as lines of JSON, waiting for the first at most `wait` of real time; "" then.
  /// The newest kMaxBytes at most: {"kind":"lost","lines":N} tells what did not fit. Errors:
  /// ResourceNotFoundException, also for a watch of another scope.
  asio::awaitable<Result<std::string>> read(Scope scope, std::string name, std::chrono::milliseconds wait);

  static constexpr std::size_t kMaxWatches = 32;
  static constexpr std::size_t kMaxBytes = std::size_t{8} * 1024 * 1024;
  /// Events that a watch recognises deliveries of, the newest.
  static constexpr std::size_t kRemembered = 100'000;

 private:
  class Watch;
  void forget_abandoned();
  std::vector<std::shared_ptr<Watch>> watches();

  Shards& shards_;
  const Clock& clock_;
  Random& random_;
  std::atomic<bool> watched_{false};
  std::mutex mutex_;
  std::vector<std::shared_ptr<Watch>> watches_;
};

/// The id of an event that this server wrote; "" when there is none.
std::string_view event_id_of(std::string_view event);

}  // namespace signalbox::cloud
