#include "services/logs/workers.h"

#include <boost/asio/thread_pool.hpp>

namespace signalbox::logs {

struct Workers::Pool {
  explicit Pool(std::size_t count) : threads(count) {}
  asio::thread_pool threads;
};

Workers::Workers(std::size_t threads) : pool_(std::make_unique<Pool>(threads)) {}

Workers::~Workers() {
  stop();
}

void Workers::stop() {
  pool_->threads.stop();
  pool_->threads.join();
}

asio::any_io_executor Workers::executor() {
  return pool_->threads.get_executor();
}

}  // namespace signalbox::logs
