#include "cloud/turns.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace signalbox::cloud {

Turns::Turn::~Turn() {
  if (!queue_) return;
  if (queue_->waiting.empty()) {
    queue_->taken = false;
    return;
  }
  const auto next = std::move(queue_->waiting.front());
  queue_->waiting.pop_front();
  next();
}

asio::awaitable<Turns::Turn> Turns::take() {
  const auto queue = queue_;
  if (queue->taken) {
    const auto executor = co_await asio::this_coro::executor;
    auto wait_in_line = [queue, executor](auto handler) {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      queue->waiting.push_back([shared, executor] { asio::post(executor, [shared] { std::move (*shared)(); }); });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(wait_in_line, asio::use_awaitable);
  }
  queue->taken = true;
  co_return Turn(queue);
}

}  // namespace signalbox::cloud
