// One at a time: coroutines of one thread that must not interleave at their waits.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <deque>
#include <functional>
#include <memory>

namespace signalbox::cloud {

namespace asio = boost::asio;

/// First come, first served. Not thread-safe: all who take turns run on one thread.
class Turns {
  struct Queue;

 public:
  /// Held while its holder works; the next in line goes on when it is destroyed.
  class Turn {
   public:
    explicit Turn(std::shared_ptr<Queue> queue) : queue_(std::move(queue)) {}
    Turn(Turn&&) = default;
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    std::shared_ptr<Queue> queue_;
  };

  asio::awaitable<Turn> take();

 private:
  struct Queue {
    bool taken = false;
    std::deque<std::function<void(std::shared_ptr<Turn>)>> waiting;
  };
  std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();
};

}  // namespace signalbox::cloud
