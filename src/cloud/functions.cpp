#include "cloud/functions.h"

namespace signalbox::cloud {
namespace {

std::unexpected<Error> no_such_function(const std::string& arn) {
  return fail("ResourceNotFoundException", "Function not found: " + arn, 404);
}

}  // namespace

Result<void> Functions::may_invoke(const std::string& arn, const Invoker& invoker) const {
  if (!runner_) return no_such_function(arn);
  return runner_->may_invoke(arn, invoker);
}

asio::awaitable<Result<FunctionAnswer>> Functions::invoke(std::string arn, Invoker invoker, std::string payload) const {
  if (!runner_) co_return no_such_function(arn);
  co_return co_await runner_->invoke(std::move(arn), std::move(invoker), std::move(payload));
}

}  // namespace signalbox::cloud
