#include "cloud/shards.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>

#include "base/spawn.h"

namespace signalbox::cloud {
namespace {

// FNV-1a: stable over runs and machines, so that a shard's ownership can be reasoned about.
std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 14695981039346656037ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return h;
}

/// How long a timer waits at most. What is due later is looked at again then: the steady clock counts nanoseconds, and
/// a schedule may be due in the year 9999, which is more of them than it can hold.
constexpr Duration kLongestWait = std::chrono::hours(24);

/// Rounds in which coroutines of one shard that wait for coroutines of another are let go: the depth of such hops.
constexpr int kAbandonRounds = 16;

}  // namespace

struct Shard::Timer {
  explicit Timer(asio::io_context& loop) : steady(loop) {}
  asio::steady_timer steady;
};

Shard::Shard(std::size_t index, const Clock& clock, Log& log)
    : index_(index), clock_(clock), log_(log), timer_(std::make_unique<Timer>(loop_)) {
  alarms_.on_next_changed([this] { arm(); });
}

Shard::~Shard() = default;

void Shard::spawn(std::string_view name, asio::awaitable<void> work) {
  ++working_;
  asio::co_spawn(loop_, std::move(work), [this, name](const std::exception_ptr& thrown) {
    --working_;
    if (thrown) log_escaped(log_, name, thrown);
  });
}

void Shard::spawn_waiting(std::string_view name, asio::awaitable<void> work) {
  signalbox::spawn(loop_.get_executor(), log_, name, std::move(work));
}

// One that throws (an alarm, a completion) takes nobody else with it.
void Shard::run() {
  for (;;) {
    try {
      loop_.run();
      return;
    } catch (...) {
      log_escaped(log_, "a shard's loop", std::current_exception());
    }
  }
}

void Shard::arm() {
  const auto due = alarms_.next();
  if (!due) return;
  timer_->steady.expires_after(std::min(*due - clock_.now(), kLongestWait));
  timer_->steady.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    try {
      run_due();
    } catch (...) {  // the alarm that threw is gone; those behind it are not to wait for ever
      log_escaped(log_, "an alarm", std::current_exception());
    }
    arm();
  });
}

Shards::Shards(std::size_t count, const Clock& clock, Log& log) {
  for (std::size_t i = 0; i < count; ++i) {
    shards_.push_back(std::make_unique<Shard>(i, clock, log));
    work_.push_back(asio::make_work_guard(shards_.back()->loop()));
  }
}

Shards::~Shards() {
  stop();
}

Shard& Shards::owner(std::string_view arn) {
  if (shards_.size() == 1) return *shards_.front();
  return *shards_[hash(arn) % shards_.size()];
}

std::vector<asio::io_context*> Shards::loops() {
  std::vector<asio::io_context*> loops;
  for (auto& shard : shards_) loops.push_back(&shard->loop());
  return loops;
}

void Shards::clock_moved() {
  for (auto& shard : shards_) shard->post([&shard = *shard] { shard.run_due(); });
}

void Shards::start() {
  for (auto& shard : shards_) threads_.emplace_back([&shard = *shard] { shard.run(); });
}

void Shards::stop() {
  for (auto& shard : shards_) shard->loop().stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Shards::abandon() {
  for (int round = 0; round < kAbandonRounds; ++round) {
    for (auto& shard : shards_) shard->loop_.abandon();
  }
}

}  // namespace signalbox::cloud
