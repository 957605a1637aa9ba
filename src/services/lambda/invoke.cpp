#include "services/lambda/invoke.h"

#include "services/lambda/access.h"
#include "services/lambda/fleet.h"
#include "services/lambda/trace.h"

namespace signalbox::lambda {
namespace {

/// In [0, 1).
double chance(Random& random) {
  return static_cast<double>(random.next() >> 11U) * 0x1.0p-53;
}

struct Invokable {
  FunctionPtr function;
  std::string qualifier;
};
/// A function that is there and may be invoked so. Errors: ResourceNotFoundException, AccessDeniedException.
Result<Invokable> find_invokable(const Core& core, const std::string& arn, const cloud::Invoker& invoker) {
  auto named = read_function_arn(arn);
  const FunctionPtr function = named ? core.find(named->function) : nullptr;
  if (!function || !function->resolve(named->qualifier, 1)) return no_such_function(arn);
  Result<void> may = check_invoker(*function, named->qualifier, invoker);
  if (!may) return std::unexpected(std::move(may).error());
  return Invokable{function, std::move(named->qualifier)};
}

}  // namespace

asio::awaitable<Result<Invoked>> invoke(Core& core, FunctionPtr function, std::string qualifier, Run run) {
  VersionPtr version = function->resolve(qualifier, chance(core.house.random));
  if (!version) co_return no_such_function(function->name.arn(qualifier));
  run.function_arn = function->name.arn(qualifier);
  if (run.payload.empty()) run.payload = "{}";
  run.trace_header = trace_header_for(run.trace_header, core.house.clock.now(), core.house.random);
  std::string number = version->number;
  auto result = co_await core.fleet->run(std::move(function), std::move(version), std::move(run));
  if (!result) co_return std::unexpected(std::move(result).error());
  co_return Invoked{*std::move(result), std::move(number)};
}

Result<void> FunctionTarget::check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const {
  if (parameters.http) return cloud::not_for_this_target("HttpParameters", parameters.id);
  if (parameters.message_group_id) return cloud::not_for_this_target("SqsParameters", parameters.id);
  if (parameters.partition_key) return cloud::not_for_this_target("KinesisParameters", parameters.id);
  if (!read_function_arn(target.text())) {
    return fail("ValidationException", "Parameter " + target.text() + " is not valid. Reason: it names no function.");
  }
  return {};
}

asio::awaitable<cloud::Appended> FunctionTarget::append(std::string target,
                                                        std::vector<cloud::EventDelivery> deliveries,
                                                        store::Batch& batch) {
  // All of one call are of one kind of sender; rules of one bus may be several, and each needs its permission.
  cloud::Appended appended;
  std::vector<AsyncEvent> events;
  FunctionPtr function;
  std::string qualifier;
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    cloud::EventDelivery& one = deliveries[i];
    cloud::Invoker invoker;
    if (!one.by_role) invoker.service = one.sender.empty() ? "events.amazonaws.com" : one.sender;
    invoker.source_arn = cloud::source_of(one);
    invoker.source_account = one.source_account;
    const auto found = find_invokable(core_, target, invoker);
    if (!found || one.payload.size() > cloud::kMaxFunctionEvent) {
      const Error why = found ? Error{"", "The event is larger than functions take."} : found.error();
      const char* const code = found                                 ? "INVALID_PARAMETER"
                               : why.code == "AccessDeniedException" ? "NO_PERMISSIONS"
                                                                     : "NO_RESOURCE";
      appended.undelivered.push_back({i, code, why.message});
      continue;
    }
    function = found->function;
    qualifier = found->qualifier;
    events.push_back({core_.house.random.uuid(), std::move(one.payload), std::move(one.trace_header)});
  }
  if (events.empty()) co_return appended;
  cloud::Appended added = co_await events_.add(function->name, qualifier, std::move(events), batch);
  appended.after = std::move(added.after);
  co_return appended;
}

Result<void> FunctionRunner::may_invoke(const std::string& arn, const cloud::Invoker& invoker) const {
  const auto found = find_invokable(core_, arn, invoker);
  if (!found) return std::unexpected(found.error());
  return {};
}

asio::awaitable<Result<cloud::FunctionAnswer>> FunctionRunner::invoke(std::string arn, cloud::Invoker invoker,
                                                                      std::string payload) {
  const auto found = find_invokable(core_, arn, invoker);
  if (!found) co_return std::unexpected(found.error());
  if (payload.size() > cloud::kMaxFunctionPayload) {
    co_return fail("RequestTooLargeException",
                   "Request must be smaller than 6291456 bytes for the InvokeFunction "
                   "operation",
                   413);
  }
  Run run;
  run.request_id = core_.house.random.uuid();
  run.payload = std::move(payload);
  auto invoked = co_await lambda::invoke(core_, found->function, found->qualifier, std::move(run));
  if (!invoked) co_return std::unexpected(std::move(invoked).error());
  co_return cloud::FunctionAnswer{std::move(invoked->result.payload), std::move(invoked->result.error),
                                  std::move(invoked->version)};
}

}  // namespace signalbox::lambda
