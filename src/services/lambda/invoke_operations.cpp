// Invoke and InvokeAsync.

#include <algorithm>

#include "base/encoding.h"
#include "json/json.h"
#include "services/lambda/invoke.h"

namespace signalbox::lambda {
namespace {

using cloud::Call;

constexpr std::int32_t kOk = 200;
constexpr std::int32_t kAccepted = 202;
constexpr std::int32_t kNoContent = 204;
constexpr std::size_t kMaxClientContext = 3583;

Result<void> check_payload(const std::string& payload, bool asynchronous) {
  const std::size_t most = asynchronous ? cloud::kMaxFunctionEvent : cloud::kMaxFunctionPayload;
  if (payload.size() > most) {
    return fail("RequestTooLargeException",
                std::to_string(payload.size()) + " byte payload is too large for the " +
                    (asynchronous ? "Event" : "RequestResponse") + " invocation type (limit " + std::to_string(most) +
                    " bytes)",
                413);
  }
  json::Document document;
  if (payload.empty() || document.parse(payload)) return {};
  return fail("InvalidRequestContentException",
              "Could not parse request body into json: " + document.parse(payload).error().message);
}

Result<std::string> client_context(const model::InvocationRequest& request) {
  if (!request.client_context) return std::string();
  auto text = from_base64(*request.client_context);
  json::Document document;
  const bool good = request.client_context->size() <= kMaxClientContext && text && document.parse(*text);
  if (good) {
    // It is going to be a header, which has one line: in JSON the ends of lines are white space only.
    std::ranges::replace_if(*text, [](char c) { return c == '\r' || c == '\n'; }, ' ');
    return *std::move(text);
  }
  return fail("InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.");
}

asio::awaitable<Result<void>> queue(Core& core, AsyncEvents& events, const Found& found, AsyncEvent event) {
  store::Batch batch;
  std::vector<AsyncEvent> one(1, std::move(event));
  cloud::Appended added = co_await events.add(found.function->name, found.qualifier, std::move(one), batch);
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (added.after) added.after(committed.has_value());
  co_return committed;
}

asio::awaitable<Result<model::InvocationResponse>> invoke_function(Core& core, AsyncEvents& events, const Call& call,
                                                                   model::InvocationRequest request) {
  const auto found = find_function(core, call, "Invoke", *request.function_name, request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  if (request.tenant_id) co_return not_supported("TenantId");
  if (request.durable_execution_name) co_return not_supported("DurableExecutionName");
  const std::string type = request.invocation_type.value_or(model::invocation_type::kRequestResponse);
  const std::string payload = std::move(request.payload).value_or("");
  Result<void> good = check_payload(payload, type == model::invocation_type::kEvent);
  if (!good) co_return std::unexpected(std::move(good).error());
  auto context = client_context(request);
  if (!context) co_return std::unexpected(std::move(context).error());
  model::InvocationResponse response;
  response.executed_version = found->version->number;
  if (type == model::invocation_type::kDryRun) {
    response.status_code = kNoContent;
    response.executed_version.reset();
    co_return response;
  }
  if (type == model::invocation_type::kEvent) {
    AsyncEvent event{call.request_id, payload, call.trace_header};
    const auto queued = co_await queue(core, events, *found, std::move(event));
    if (!queued) co_return std::unexpected(queued.error());
    response.status_code = kAccepted;
    response.executed_version.reset();
    co_return response;
  }
  Run run;
  run.request_id = call.request_id;
  run.payload = payload;
  run.client_context = *std::move(context);
  run.trace_header = call.trace_header;
  auto invoked = co_await invoke(core, found->function, found->qualifier, std::move(run));
  if (!invoked) co_return std::unexpected(std::move(invoked).error());
  response.status_code = kOk;
  response.executed_version = invoked->version;
  response.payload = std::move(invoked->result.payload);
  if (!invoked->result.error.empty()) response.function_error = invoked->result.error;
  if (request.log_type == model::log_type::kTail) response.log_result = to_base64(invoked->result.log_tail);
  co_return response;
}

asio::awaitable<Result<model::InvokeAsyncResponse>> invoke_async(Core& core, AsyncEvents& events, const Call& call,
                                                                 model::InvokeAsyncRequest request) {
  const auto found = find_function(core, call, "InvokeAsync", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  Result<void> good = check_payload(*request.invoke_args, true);
  if (!good) co_return std::unexpected(std::move(good).error());
  AsyncEvent event{call.request_id, *std::move(request.invoke_args), call.trace_header};
  const auto queued = co_await queue(core, events, *found, std::move(event));
  if (!queued) co_return std::unexpected(queued.error());
  co_return model::InvokeAsyncResponse{kAccepted};
}

}  // namespace

void register_invoke_operations(Core& core) {
  auto& door = core.house.door;
  auto owned = std::make_unique<AsyncEvents>(core);
  AsyncEvents& events = *owned;
  core.house.event_targets.add(kAsyncKind, std::move(owned));
  core.house.event_targets.add("lambda", std::make_unique<FunctionTarget>(core, events));
  core.house.functions.run_by(std::make_unique<FunctionRunner>(core));
  door.handle(model::kInvoke, [&core, &events](const Call& call, model::InvocationRequest request) {
    return invoke_function(core, events, call, std::move(request));
  });
  door.handle(model::kInvokeAsync, [&core, &events](const Call& call, model::InvokeAsyncRequest request) {
    return invoke_async(core, events, call, std::move(request));
  });
}

}  // namespace signalbox::lambda
