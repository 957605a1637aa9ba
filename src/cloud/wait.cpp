#include "cloud/wait.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace signalbox::cloud {
namespace {

/// The steady clock counts nanoseconds: what is due later than this would be due in its past.
constexpr Duration kForever = std::chrono::years(100);

}  // namespace

struct Wait::Timer {
  explicit Timer(asio::io_context& loop) : steady(loop) {}
  asio::steady_timer steady;
};

Wait::Wait(Shard& shard) : shard_(shard), timer_(std::make_unique<Timer>(shard.loop())) {}
Wait::~Wait() = default;

asio::awaitable<bool> Wait::until(Time due) {
  if (!woken_) {
    timer_->steady.expires_after(std::min(due - shard_.clock().now(), kForever));
    const Alarms::Handle alarm = shard_.alarms().set(due, [this] { timer_->steady.cancel(); });
    boost::system::error_code cancelled;
    co_await timer_->steady.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    shard_.alarms().cancel(alarm);
  }
  co_return std::exchange(woken_, false);
}

void Wait::wake() {
  woken_ = true;
  timer_->steady.cancel();
}

}  // namespace signalbox::cloud
