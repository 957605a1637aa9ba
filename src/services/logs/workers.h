// A small pool of threads for what takes long: compressing, reading chunks, queries. Shards stay free to answer.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

namespace signalbox::logs {

namespace asio = boost::asio;

class Workers {
 public:
  explicit Workers(std::size_t threads);
  ~Workers();

  /// Runs `work()` on a thread of the pool; resumes, with its result, where the caller was. `work` may refer to the
  /// caller's variables: the caller waits.
  template <class Work>
  auto run(Work& work) -> asio::awaitable<std::invoke_result_t<Work&>> {
    co_return co_await asio::co_spawn(
        executor(), [&work]() -> asio::awaitable<std::invoke_result_t<Work&>> { co_return work(); },
        asio::use_awaitable);
  }

  /// Waits for what runs and drops what has not begun.
  void stop();

 private:
  asio::any_io_executor executor();
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace signalbox::logs
