#include "cloud/shards.h"

#include <boost/asio/steady_timer.hpp>

namespace signalbox::cloud {
namespace {

// FNV-1a: stable over runs and machines, so that a shard's ownership can be reasoned about.
std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 14695981039346656037ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return h;
}

}  // namespace

struct Shard::Timer {
  explicit Timer(asio::io_context& loop) : steady(loop) {}
  asio::steady_timer steady;
};

Shard::Shard(std::size_t index, const Clock& clock)
    : index_(index), clock_(clock), timer_(std::make_unique<Timer>(loop_)) {
  alarms_.on_next_changed([this] { arm(); });
}

Shard::~Shard() = default;

void Shard::spawn(asio::awaitable<void> work) {
  ++working_;
  asio::co_spawn(loop_, std::move(work), [this](const std::exception_ptr&) { --working_; });
}

void Shard::arm() {
  const auto due = alarms_.next();
  if (!due) return;
  timer_->steady.expires_after(*due - clock_.now());
  timer_->steady.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    run_due();
    arm();
  });
}

Shards::Shards(std::size_t count, const Clock& clock) {
  for (std::size_t i = 0; i < count; ++i) {
    shards_.push_back(std::make_unique<Shard>(i, clock));
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
  for (auto& shard : shards_) threads_.emplace_back([&loop = shard->loop()] { loop.run(); });
}

void Shards::stop() {
  for (auto& shard : shards_) shard->loop().stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace signalbox::cloud
