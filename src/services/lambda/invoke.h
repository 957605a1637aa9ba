// Invoking functions: now, and later.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cloud/deliveries.h"
#include "cloud/functions.h"
#include "services/lambda/changes.h"
#include "services/lambda/worker.h"

namespace signalbox::lambda {

/// Runs a function once. Any thread. Errors: as Functions::invoke.
struct Invoked {
  RunResult result;
  std::string version;
};
asio::awaitable<Result<Invoked>> invoke(Core& core, FunctionPtr function, std::string qualifier, Run run);

/// An asynchronous invocation: an event in the function's queue.
struct AsyncEvent {
  std::string request_id;
  std::string payload;
  std::string trace_header;
};

/// The queues of events: a kind of target outside, known to nobody else ("arn:aws:lambda:...:async:NAME:QUALIFIER").
/// Runs the function for each, again after a minute and after two where it fails; those it cannot run for now wait and
/// count as no attempt ("Error handling for an asynchronous invocation" in the Lambda Developer Guide).
class AsyncEvents final : public cloud::OutsideTarget {
 public:
  explicit AsyncEvents(Core& core) : OutsideTarget(core.house.deliveries), core_(core) {}

  Result<void> check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const override;
  asio::awaitable<cloud::Attempt> attempt(std::string target, const cloud::Delivery& delivery,
                                          cloud::Shard& shard) override;
  asio::awaitable<cloud::AfterCommit> settle(std::string target, const cloud::Delivery& delivery,
                                             const cloud::Attempt& last, store::Batch& batch) override;
  bool buries_its_own() const override { return true; }

  /// Adds events of a function that is there.
  asio::awaitable<cloud::Appended> add(const FunctionName& function, const std::string& qualifier,
                                       std::vector<AsyncEvent> events, store::Batch& batch);

 private:
  Core& core_;
};

/// What rules, topics and the others have as a target: checks the function and its policy, and queues.
class FunctionTarget final : public cloud::EventTarget {
 public:
  FunctionTarget(Core& core, AsyncEvents& events) : core_(core), events_(events) {}
  Result<void> check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const override;
  asio::awaitable<cloud::Appended> append(std::string target, std::vector<cloud::EventDelivery> deliveries,
                                          store::Batch& batch) override;

 private:
  Core& core_;
  AsyncEvents& events_;
};

/// What others have as cloud::Functions.
class FunctionRunner final : public cloud::Functions::Runner {
 public:
  explicit FunctionRunner(Core& core) : core_(core) {}
  Result<void> may_invoke(const std::string& arn, const cloud::Invoker& invoker) const override;
  asio::awaitable<Result<cloud::FunctionAnswer>> invoke(std::string arn, cloud::Invoker invoker,
                                                        std::string payload) override;

 private:
  Core& core_;
};

inline constexpr const char* kAsyncKind = "lambda:async";

}  // namespace signalbox::lambda
