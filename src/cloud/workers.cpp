#include "cloud/workers.h"

#include <boost/asio/thread_pool.hpp>

namespace signalbox::cloud {

struct Workers::Pool {
  explicit Pool(std::size_t count) : threads(count) {}
  asio::thread_pool threads;
};

Workers::Workers(std::size_t threads) : threads_(threads) {}

Workers::~Workers() {
  stop();
}

void Workers::stop() {
  if (!pool_) return;
  pool_->threads.stop();
  pool_->threads.join();
}

asio::any_io_executor Workers::executor() {
  std::call_once(begun_, [this] { pool_ = std::make_unique<Pool>(threads_); });
  return pool_->threads.get_executor();
}

}  // namespace signalbox::cloud
