// One thread a core, and the rule that each resource is owned by one of them.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "base/alarms.h"
#include "base/clock.h"
#include "base/log.h"

namespace signalbox::cloud {

namespace asio = boost::asio;

/// One thread's share of the server: its event loop and its alarms. What a shard owns is touched on its thread only,
/// so it needs no locks.
class Shard {
 public:
  Shard(std::size_t index, const Clock& clock, Log& log);
  ~Shard();
  Shard(const Shard&) = delete;

  std::size_t index() const { return index_; }
  asio::io_context& loop() { return loop_; }
  /// Only on the shard's own thread. Driven by the clock given at construction.
  Alarms& alarms() { return alarms_; }
  const Clock& clock() const { return clock_; }
  /// Runs, on this shard, what nobody waits for but whoever moves the clock (`working`). Not for what waits for time.
  /// What it throws is logged under `name`, a literal.
  void spawn(std::string_view name, asio::awaitable<void> work);
  /// As spawn, for what may wait for time or for somebody else: whoever moves the clock does not wait for it.
  void spawn_waiting(std::string_view name, asio::awaitable<void> work);
  /// Whether anything spawned here is not done yet. Any thread.
  bool working() const { return working_.load() != 0; }
  /// Fires what is due by the clock. Only on the shard's own thread.
  void run_due() { alarms_.run_due(clock_.now()); }
  bool is_current() { return loop_.get_executor().running_in_this_thread(); }
  /// Runs `work` on the shard's thread, soon.
  void post(std::function<void()> work) { asio::post(loop_, std::move(work)); }

 private:
  friend class Shards;
  /// An event loop that can let go of all that waits on it before it goes itself.
  class Loop : public asio::io_context {
   public:
    Loop() : asio::io_context(1) {}
    void abandon() { shutdown(); }
  };
  void arm();
  void run();
  std::size_t index_;
  const Clock& clock_;
  Log& log_;
  Loop loop_;
  Alarms alarms_;
  std::atomic<std::size_t> working_{0};
  struct Timer;
  std::unique_ptr<Timer> timer_;
};

class Shards {
 public:
  /// `log` gets what escapes the work on a shard; it outlives the shards.
  Shards(std::size_t count, const Clock& clock, Log& log);
  ~Shards();

  std::size_t count() const { return shards_.size(); }
  Shard& at(std::size_t index) { return *shards_[index]; }
  /// The shard that owns the resource of that ARN (or other unique name): always the same one in a process.
  Shard& owner(std::string_view arn);
  std::vector<asio::io_context*> loops();

  /// Fires on every shard, soon, what is due now: for clocks that jump.
  void clock_moved();

  /// Starts the threads. stop() ends the loops and joins; the destructor does it too.
  void start();
  void stop();

  /// Destroys what still waits on the loops: coroutines in the middle, with all that they hold. To be called after
  /// stop(), when nobody posts any more, and before anything goes that coroutines refer to (services above all). The
  /// loops do not run again.
  void abandon();

 private:
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::vector<std::thread> threads_;
};

/// Runs the coroutine `work()` on `shard`'s thread and resumes here with its result; without a hop when this is
/// that thread already. `work` may refer to the caller's variables: the caller waits.
///   auto sent = co_await on(shards.owner(arn), [&] { return send(queue, message); });
template <class Work>
auto on(Shard& shard, Work work) -> std::invoke_result_t<Work&> {
  if (shard.is_current()) co_return co_await work();
  co_return co_await asio::co_spawn(shard.loop(), work(), asio::use_awaitable);
}

}  // namespace signalbox::cloud
