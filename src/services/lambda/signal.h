// One coroutine's wait for another, on one event loop, by the time that really passes: functions run outside, where a
// clock that stands still means nothing.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>

namespace signalbox::lambda {

namespace asio = boost::asio;
using Moment = std::chrono::steady_clock::time_point;

class Signal {
 public:
  explicit Signal(asio::io_context& loop);
  ~Signal();
  Signal(const Signal&) = delete;

  /// Resumes when raised, and then gives true, or at `until`. What was raised before ends the next wait at once. One
  /// waiter at a time.
  asio::awaitable<bool> wait(Moment until);
  void raise();

 private:
  struct Timer;
  std::unique_ptr<Timer> timer_;
  bool raised_ = false;
};

}  // namespace signalbox::lambda
