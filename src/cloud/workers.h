// A small pool of threads for what takes long: compressing, reading chunks, digests. Shards stay free to answer.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <mutex>

namespace signalbox::cloud {

namespace asio = boost::asio;

/// Safe from any thread. The threads begin with the first work.
class Workers {
 public:
  explicit Workers(std::size_t threads);
  ~Workers();
  Workers(const Workers&) = delete;

  /// Runs `work()` on a thread of the pool; resumes, with its result, where the caller was. `work` may refer to the
  /// caller's variables: the caller waits.
  template <class Work>
  auto run(Work& work) -> asio::awaitable<std::invoke_result_t<Work&>> {
    co_return co_await asio::co_spawn(
        executor(), [&work]() -> asio::awaitable<std::invoke_result_t<Work&>> { co_return work(); },
        asio::use_awaitable);
  }

  /// Waits for what runs and drops what has not begun. When the shards have stopped (Service::stop).
  void stop();

 private:
  asio::any_io_executor executor();
  struct Pool;
  const std::size_t threads_;
  std::once_flag begun_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace signalbox::cloud
