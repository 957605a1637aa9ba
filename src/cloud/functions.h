// Functions, for those who have them run and wait for the answer: whichever service has them. Asynchronous invocations
// are deliveries to the event target "lambda" (cloud/event_target.h).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cloud/event_target.h"
#include "store/store.h"

namespace signalbox::cloud {

namespace asio = boost::asio;

/// On whose behalf a function is run, for its permissions (its resource policy).
struct Invoker {
  std::string service;  // "s3.amazonaws.com"; "": by a role of the caller's own, and the function's policy is not asked
  std::string source_arn;           // the bucket, topic, rule ... that causes it; "" for none
  std::string source_account = {};  // whose that is, where its ARN does not tell
};

/// What a function answered.
struct FunctionAnswer {
  std::string payload;
  std::string error = {};    // "": it succeeded; else what X-Amz-Function-Error says, and the payload tells of it
  std::string version = {};  // that ran
};

/// Payloads that functions take: of synchronous and of asynchronous invocations ("Lambda quotas").
inline constexpr std::size_t kMaxFunctionPayload = std::size_t{6} * 1024 * 1024;
inline constexpr std::size_t kMaxFunctionEvent = std::size_t{1024} * 1024;

/// Filled at start, then only read: safe from any thread. Functions are named by ARN, with a version or alias or
/// without. Where no service has functions, none exists.
class Functions {
 public:
  class Runner {
   public:
    virtual ~Runner() = default;
    virtual Result<void> may_invoke(const std::string& arn, const Invoker& invoker) const = 0;
    virtual asio::awaitable<Result<FunctionAnswer>> invoke(std::string arn, Invoker invoker, std::string payload) = 0;
  };

  /// For the service that has the functions, once.
  void run_by(std::unique_ptr<Runner> runner) { runner_ = std::move(runner); }
  bool available() const { return runner_ != nullptr; }

  /// Whether the function exists and its policy lets `invoker` run it. Errors: ResourceNotFoundException,
  /// AccessDeniedException.
  Result<void> may_invoke(const std::string& arn, const Invoker& invoker) const;

  /// Runs it once and waits. Errors: those of may_invoke; TooManyRequestsException beyond its concurrency;
  /// RequestTooLargeException; ServiceException where no sandbox can be made. That the function itself fails is an
  /// answer.
  asio::awaitable<Result<FunctionAnswer>> invoke(std::string arn, Invoker invoker, std::string payload) const;

 private:
  std::unique_ptr<Runner> runner_;
};

}  // namespace signalbox::cloud
