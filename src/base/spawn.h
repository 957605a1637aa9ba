// Coroutines that nobody waits for, and what becomes of the exceptions that escape them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <exception>
#include <string>
#include <string_view>

#include "base/log.h"

namespace signalbox {

/// What an exception says of itself.
std::string what_of(const std::exception_ptr& thrown);

/// Runs `work` on `executor`. Nobody waits for it, so what it throws is an error line of `log`, under `name` (a
/// literal: it is kept as it is). Nothing of this server is to be detached in any other way.
void spawn(const boost::asio::any_io_executor& executor, Log& log, std::string_view name,
           boost::asio::awaitable<void> work);

/// Says that `name` threw, and goes on.
void log_escaped(Log& log, std::string_view name, const std::exception_ptr& thrown);

/// Counts up now and down when it goes, also when an exception or the end of the server takes it.
///   const Counted running(worker.running);
template <class Counter>
class [[nodiscard]] Counted {
 public:
  explicit Counted(Counter& counter) : counter_(counter) { ++counter_; }
  ~Counted() { --counter_; }
  Counted(const Counted&) = delete;

 private:
  Counter& counter_;
};

}  // namespace signalbox
