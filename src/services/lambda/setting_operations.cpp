// Reserved concurrency, settings of asynchronous invocations, settings of the account.
#include "services/lambda/changes.h"
#include "services/lambda/configuration.h"
#include "services/lambda/listing.h"
#include "services/lambda/zip.h"

namespace signalbox::lambda {
namespace {

using cloud::Call;

/// "Lambda always keeps 100 unreserved", of a thousand: here a tenth.
constexpr std::int32_t kUnreservedPart = 10;
constexpr std::int64_t kMaxCode = std::int64_t{75} * 1024 * 1024 * 1024;
constexpr std::int64_t kMaxZipped = std::int64_t{50} * 1024 * 1024;

asio::awaitable<Result<model::Concurrency>> put_concurrency(Core& core, const Call& call,
                                                            model::PutFunctionConcurrencyRequest request) {
  const auto found = find_unqualified(core, call, "PutFunctionConcurrency", *request.function_name);
  if (!found) co_return std::unexpected(found.error());
  const std::int32_t wanted = *request.reserved_concurrent_executions;
  const auto changed =
      co_await change_function(core, found->function->name, [&](Function& function, store::Batch&) -> Result<void> {
        const std::int32_t others = core.reserved_of(function.name.scope) - function.reserved.value_or(0);
        const std::int32_t least = core.options.concurrency / kUnreservedPart;
        if (core.options.concurrency - others - wanted < least) {
          return invalid(
              "Specified ReservedConcurrentExecutions for function decreases account's "
              "UnreservedConcurrentExecution below its minimum value of [" +
              std::to_string(least) + "].");
        }
        function.reserved = wanted;
        return {};
      });
  if (!changed) co_return std::unexpected(changed.error());
  co_return model::Concurrency{wanted};
}

asio::awaitable<Result<model::GetFunctionConcurrencyResponse>> get_concurrency(
    Core& core, const Call& call, model::GetFunctionConcurrencyRequest request) {
  const auto found = find_unqualified(core, call, "GetFunctionConcurrency", *request.function_name);
  if (!found) co_return std::unexpected(found.error());
  co_return model::GetFunctionConcurrencyResponse{found->function->reserved};
}

asio::awaitable<Result<model::DeleteFunctionConcurrencyResponse>> delete_concurrency(
    Core& core, const Call& call, model::DeleteFunctionConcurrencyRequest request) {
  const auto found = find_unqualified(core, call, "DeleteFunctionConcurrency", *request.function_name);
  if (!found) co_return std::unexpected(found.error());
  const auto changed =
      co_await change_function(core, found->function->name, [](Function& function, store::Batch&) -> Result<void> {
        function.reserved.reset();
        return {};
      });
  if (!changed) co_return std::unexpected(changed.error());
  co_return model::DeleteFunctionConcurrencyResponse{};
}

std::string key_of(const std::string& qualifier) {
  return qualifier == kLatest ? std::string() : qualifier;
}

Result<void> check_destinations(const Core& core, const FunctionName& name,
                                const std::optional<model::DestinationConfig>& config) {
  if (!config) return {};
  Result<void> good;
  const auto check = [&](const auto& one) {
    if (good && one && one->destination && !one->destination->empty()) {
      good = check_destination(core, name, *one->destination, false);
    }
  };
  check(config->on_success);
  check(config->on_failure);
  return good;
}

/// What a request for such settings names. Errors: ResourceNotFoundException, in the words of these operations.
Result<Found> find_for_invoke_config(const Core& core, const Call& call, std::string_view operation,
                                     const std::string& name, const std::optional<std::string>& qualifier) {
  auto found = find_function(core, call, operation, name, qualifier);
  const bool is_none = !found && found.error().code == "ResourceNotFoundException" &&
                       found.error().message.starts_with("Function not found");
  if (is_none) return fail("ResourceNotFoundException", "The function doesn't exist.", 404);
  return found;
}

std::unexpected<Error> no_invoke_config(const Found& found) {
  const std::string arn = found.function->name.arn(found.qualifier.empty() ? kLatest : found.qualifier);
  return fail("ResourceNotFoundException", "The function " + arn + " doesn't have an EventInvokeConfig", 404);
}

/// Puts settings in place of those that are there, or onto them.
asio::awaitable<Result<model::FunctionEventInvokeConfig>> set_invoke_config(
    Core& core, const Call& call, model::PutFunctionEventInvokeConfigRequest request, bool onto) {
  if (!request.maximum_retry_attempts && !request.maximum_event_age_in_seconds && !request.destination_config) {
    co_return invalid("You must specify at least one of error handling or destination setting.");
  }
  const char* const operation = onto ? "UpdateFunctionEventInvokeConfig" : "PutFunctionEventInvokeConfig";
  const auto found = find_for_invoke_config(core, call, operation, *request.function_name, request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  const std::string key = key_of(found->qualifier);
  const auto changed =
      co_await change_function(core, found->function->name, [&](Function& function, store::Batch&) -> Result<void> {
        Result<void> good = check_destinations(core, function.name, request.destination_config);
        if (!good) return good;
        if (onto && !function.invoke_configs.contains(key)) return no_invoke_config(*found);
        model::FunctionEventInvokeConfig config;
        if (onto) config = function.invoke_configs[key];
        if (request.maximum_retry_attempts) config.maximum_retry_attempts = request.maximum_retry_attempts;
        if (request.maximum_event_age_in_seconds) {
          config.maximum_event_age_in_seconds = request.maximum_event_age_in_seconds;
        }
        if (request.destination_config) config.destination_config = request.destination_config;
        // Both are always told, where there is none as an empty structure.
        auto& destinations =
            config.destination_config ? *config.destination_config : config.destination_config.emplace();
        if (!destinations.on_success) destinations.on_success.emplace();
        if (!destinations.on_failure) destinations.on_failure.emplace();
        config.last_modified = core.house.clock.now();
        config.function_arn = function.name.arn(key.empty() ? kLatest : std::string_view(key));
        function.invoke_configs[key] = std::move(config);
        return {};
      });
  if (!changed) co_return std::unexpected(changed.error());
  co_return (*changed)->invoke_configs.at(key);
}

asio::awaitable<Result<model::FunctionEventInvokeConfig>> get_invoke_config(
    Core& core, const Call& call, model::GetFunctionEventInvokeConfigRequest request) {
  const auto found =
      find_for_invoke_config(core, call, "GetFunctionEventInvokeConfig", *request.function_name, request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  const auto& configs = found->function->invoke_configs;
  const auto config = configs.find(key_of(found->qualifier));
  if (config == configs.end()) co_return no_invoke_config(*found);
  co_return config->second;
}

asio::awaitable<Result<model::ListFunctionEventInvokeConfigsResponse>> list_invoke_configs(
    Core& core, const Call& call, model::ListFunctionEventInvokeConfigsRequest request) {
  const auto found = find_for_invoke_config(core, call, "ListFunctionEventInvokeConfigs", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  std::vector<std::pair<std::string, model::FunctionEventInvokeConfig>> all(found->function->invoke_configs.begin(),
                                                                            found->function->invoke_configs.end());
  auto page = page_of("lambda.invoke-configs", std::move(all), request.marker, request.max_items);
  if (!page) co_return std::unexpected(std::move(page).error());
  co_return model::ListFunctionEventInvokeConfigsResponse{std::move(page->items), std::move(page->next)};
}

asio::awaitable<Result<model::DeleteFunctionEventInvokeConfigResponse>> delete_invoke_config(
    Core& core, const Call& call, model::DeleteFunctionEventInvokeConfigRequest request) {
  const auto found =
      find_for_invoke_config(core, call, "DeleteFunctionEventInvokeConfig", *request.function_name, request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  const auto changed =
      co_await change_function(core, found->function->name, [&](Function& function, store::Batch&) -> Result<void> {
        if (function.invoke_configs.erase(key_of(found->qualifier)) == 0) return no_invoke_config(*found);
        return {};
      });
  if (!changed) co_return std::unexpected(changed.error());
  co_return model::DeleteFunctionEventInvokeConfigResponse{};
}

asio::awaitable<Result<model::GetAccountSettingsResponse>> account_settings(Core& core, const Call& call,
                                                                            model::GetAccountSettingsRequest) {
  model::GetAccountSettingsResponse response;
  auto& limit = response.account_limit.emplace();
  limit.total_code_size = kMaxCode;
  limit.code_size_unzipped = kMaxUnpacked;
  limit.code_size_zipped = kMaxZipped;
  limit.concurrent_executions = core.options.concurrency;
  limit.unreserved_concurrent_executions = core.options.concurrency - core.reserved_of(call.scope);
  auto& usage = response.account_usage.emplace();
  const auto functions = core.functions_of(call.scope);
  usage.function_count = static_cast<std::int64_t>(functions.size());
  std::int64_t size = 0;
  for (const FunctionPtr& function : functions) {
    size += function->latest->config.code_size.value_or(0);
    for (const auto& [number, version] : function->versions) size += version->config.code_size.value_or(0);
  }
  for (const LayerPtr& layer : core.layers_of(call.scope)) {
    for (const auto& [number, version] : layer->versions) {
      size += version.description.content->code_size.value_or(0);
    }
  }
  usage.total_code_size = size;
  co_return response;
}

}  // namespace

void register_setting_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kPutFunctionConcurrency, [&core](const Call& call, model::PutFunctionConcurrencyRequest request) {
    return put_concurrency(core, call, std::move(request));
  });
  door.handle(model::kGetFunctionConcurrency, [&core](const Call& call, model::GetFunctionConcurrencyRequest request) {
    return get_concurrency(core, call, std::move(request));
  });
  door.handle(model::kDeleteFunctionConcurrency,
              [&core](const Call& call, model::DeleteFunctionConcurrencyRequest request) {
                return delete_concurrency(core, call, std::move(request));
              });
  door.handle(model::kPutFunctionEventInvokeConfig,
              [&core](const Call& call, model::PutFunctionEventInvokeConfigRequest request) {
                return set_invoke_config(core, call, std::move(request), false);
              });
  door.handle(model::kUpdateFunctionEventInvokeConfig,
              [&core](const Call& call, model::UpdateFunctionEventInvokeConfigRequest request) {
                return set_invoke_config(
                    core, call,
                    {std::move(request.function_name), std::move(request.qualifier), request.maximum_retry_attempts,
                     request.maximum_event_age_in_seconds, std::move(request.destination_config)},
                    true);
              });
  door.handle(model::kGetFunctionEventInvokeConfig,
              [&core](const Call& call, model::GetFunctionEventInvokeConfigRequest request) {
                return get_invoke_config(core, call, std::move(request));
              });
  door.handle(model::kListFunctionEventInvokeConfigs,
              [&core](const Call& call, model::ListFunctionEventInvokeConfigsRequest request) {
                return list_invoke_configs(core, call, std::move(request));
              });
  door.handle(model::kDeleteFunctionEventInvokeConfig,
              [&core](const Call& call, model::DeleteFunctionEventInvokeConfigRequest request) {
                return delete_invoke_config(core, call, std::move(request));
              });
  door.handle(model::kGetAccountSettings, [&core](const Call& call, model::GetAccountSettingsRequest request) {
    return account_settings(core, call, std::move(request));
  });
}

}  // namespace signalbox::lambda
