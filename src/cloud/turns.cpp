#include "cloud/turns.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace signalbox::cloud {

// The turn goes on with what it wakes: should that never run, as its loop has ended, the next in line gets the turn.
Turns::Turn::~Turn() {
  if (!queue_) return;
  if (queue_->waiting.empty()) {
    queue_->taken = false;
    return;
  }
  const auto next = std::move(queue_->waiting.front());
  queue_->waiting.pop_front();
  next(std::make_shared<Turn>(queue_));
}

asio::awaitable<Turns::Turn> Turns::take() {
  const auto queue = queue_;
  if (queue->taken) {
    using Handed = std::shared_ptr<Turn>;
    const auto executor = co_await asio::this_coro::executor;
    auto wait_in_line = [queue, executor](auto handler) {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      queue->waiting.push_back([shared, executor](Handed turn) {
        asio::post(executor, [shared, turn = std::move(turn)]() mutable { std::move (*shared)(std::move(turn)); });
      });
    };
    const Handed handed =
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Handed)>(wait_in_line, asio::use_awaitable);
    co_return std::move(*handed);
  }
  queue->taken = true;
  co_return Turn(queue);
}

}  // namespace signalbox::cloud
