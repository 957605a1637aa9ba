#include "services/lambda/signal.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace signalbox::lambda {

struct Signal::Timer {
  explicit Timer(asio::io_context& loop) : real(loop) {}
  asio::steady_timer real;
};

Signal::Signal(asio::io_context& loop) : timer_(std::make_unique<Timer>(loop)) {}
Signal::~Signal() = default;

asio::awaitable<bool> Signal::wait(Moment until) {
  while (!raised_ && std::chrono::steady_clock::now() < until) {
    boost::system::error_code cancelled;
    timer_->real.expires_at(until);
    co_await timer_->real.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
  co_return std::exchange(raised_, false);
}

void Signal::raise() {
  raised_ = true;
  timer_->real.cancel();
}

}  // namespace signalbox::lambda
