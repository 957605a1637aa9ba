#include "base/spawn.h"

#include <boost/asio/co_spawn.hpp>

namespace signalbox {

std::string what_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "something that is no exception";
  }
}

void log_escaped(Log& log, std::string_view name, const std::exception_ptr& thrown) {
  log.error("an exception ended what was under way", {{"what", std::string(name)}, {"why", what_of(thrown)}});
}

void spawn(const boost::asio::any_io_executor& executor, Log& log, std::string_view name,
           boost::asio::awaitable<void> work) {
  boost::asio::co_spawn(executor, std::move(work), [&log, name](const std::exception_ptr& thrown) {
    if (thrown) log_escaped(log, name, thrown);
  });
}

}  // namespace signalbox
