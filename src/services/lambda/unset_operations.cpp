// What functions can be given at AWS and not here, for those who ask: none is set. What would set it is refused.
#include "services/lambda/changes.h"

namespace signalbox::lambda {
namespace {

using cloud::Call;

std::unexpected<Error> no_code_signing(const std::string& arn) {
  return fail("ResourceNotFoundException", "The Lambda code signing configuration " + arn + " can not be found.", 404);
}

asio::awaitable<Result<model::GetFunctionCodeSigningConfigResponse>> function_code_signing(
    Core& core, const Call& call, model::GetFunctionCodeSigningConfigRequest request) {
  const auto found = find_function(core, call, "GetFunctionCodeSigningConfig", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  co_return model::GetFunctionCodeSigningConfigResponse{"", found->function->name.name};
}

asio::awaitable<Result<model::DeleteFunctionCodeSigningConfigResponse>> delete_function_code_signing(
    Core& core, const Call& call, model::DeleteFunctionCodeSigningConfigRequest request) {
  const auto found = find_function(core, call, "DeleteFunctionCodeSigningConfig", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  co_return model::DeleteFunctionCodeSigningConfigResponse{};
}

asio::awaitable<Result<model::PutFunctionCodeSigningConfigResponse>> put_function_code_signing(
    Core& core, const Call& call, model::PutFunctionCodeSigningConfigRequest request) {
  const auto found = find_function(core, call, "PutFunctionCodeSigningConfig", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  co_return fail("CodeSigningConfigNotFoundException",
                 "The code signing configuration cannot be found. Check that the provided configuration is not "
                 "deleted: " +
                     *request.code_signing_config_arn + ".",
                 404);
}

/// A version with a number or an alias: what provisioned concurrency is for.
Result<Found> find_provisioned(const Core& core, const Call& call, std::string_view operation, const std::string& name,
                               const std::string& qualifier) {
  if (qualifier == kLatest) {
    return invalid("The function resource provided must be an alias or a published version.");
  }
  return find_function(core, call, operation, name, qualifier);
}

asio::awaitable<Result<model::GetProvisionedConcurrencyConfigResponse>> provisioned(
    Core& core, const Call& call, model::GetProvisionedConcurrencyConfigRequest request) {
  const auto found =
      find_provisioned(core, call, "GetProvisionedConcurrencyConfig", *request.function_name, *request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  co_return fail("ProvisionedConcurrencyConfigNotFoundException",
                 "No Provisioned Concurrency Config found for this function", 404);
}

asio::awaitable<Result<model::PutProvisionedConcurrencyConfigResponse>> put_provisioned(
    Core& core, const Call& call, model::PutProvisionedConcurrencyConfigRequest request) {
  if (*request.qualifier == kLatest) {
    co_return invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
  }
  const auto found =
      find_provisioned(core, call, "PutProvisionedConcurrencyConfig", *request.function_name, *request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  co_return not_supported("ProvisionedConcurrentExecutions");
}

asio::awaitable<Result<model::ListProvisionedConcurrencyConfigsResponse>> list_provisioned(
    Core& core, const Call& call, model::ListProvisionedConcurrencyConfigsRequest request) {
  const auto found = find_function(core, call, "ListProvisionedConcurrencyConfigs", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  model::ListProvisionedConcurrencyConfigsResponse response;
  response.provisioned_concurrency_configs.emplace();
  co_return response;
}

asio::awaitable<Result<model::DeleteProvisionedConcurrencyConfigResponse>> delete_provisioned(
    Core& core, const Call& call, model::DeleteProvisionedConcurrencyConfigRequest request) {
  const auto found =
      find_provisioned(core, call, "DeleteProvisionedConcurrencyConfig", *request.function_name, *request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  co_return model::DeleteProvisionedConcurrencyConfigResponse{};
}

asio::awaitable<Result<model::GetRuntimeManagementConfigResponse>> runtime_management(
    Core& core, const Call& call, model::GetRuntimeManagementConfigRequest request) {
  const auto found = find_function(core, call, "GetRuntimeManagementConfig", *request.function_name, request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  model::GetRuntimeManagementConfigResponse response;
  response.update_runtime_on = model::update_runtime_on::kAuto;
  response.function_arn = found->function->name.arn(found->qualifier.empty() ? kLatest : found->qualifier);
  co_return response;
}

asio::awaitable<Result<model::PutRuntimeManagementConfigResponse>> put_runtime_management(
    Core& core, const Call& call, model::PutRuntimeManagementConfigRequest request) {
  const auto found = find_function(core, call, "PutRuntimeManagementConfig", *request.function_name, request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  if (request.update_runtime_on != model::update_runtime_on::kAuto) {
    co_return not_supported("UpdateRuntimeOn " + *request.update_runtime_on);
  }
  model::PutRuntimeManagementConfigResponse response;
  response.update_runtime_on = request.update_runtime_on;
  response.function_arn = found->function->name.arn(found->qualifier.empty() ? kLatest : found->qualifier);
  co_return response;
}

asio::awaitable<Result<model::GetFunctionRecursionConfigResponse>> recursion(
    Core& core, const Call& call, model::GetFunctionRecursionConfigRequest request) {
  const auto found = find_function(core, call, "GetFunctionRecursionConfig", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  co_return model::GetFunctionRecursionConfigResponse{model::recursive_loop::kTerminate};
}

asio::awaitable<Result<model::PutFunctionRecursionConfigResponse>> put_recursion(
    Core& core, const Call& call, model::PutFunctionRecursionConfigRequest request) {
  const auto found = find_function(core, call, "PutFunctionRecursionConfig", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  if (request.recursive_loop != model::recursive_loop::kTerminate) co_return not_supported("RecursiveLoop Allow");
  co_return model::PutFunctionRecursionConfigResponse{request.recursive_loop};
}

void register_code_signing(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kGetFunctionCodeSigningConfig,
              [&core](const Call& call, model::GetFunctionCodeSigningConfigRequest request) {
                return function_code_signing(core, call, std::move(request));
              });
  door.handle(model::kDeleteFunctionCodeSigningConfig,
              [&core](const Call& call, model::DeleteFunctionCodeSigningConfigRequest request) {
                return delete_function_code_signing(core, call, std::move(request));
              });
  door.handle(model::kPutFunctionCodeSigningConfig,
              [&core](const Call& call, model::PutFunctionCodeSigningConfigRequest request) {
                return put_function_code_signing(core, call, std::move(request));
              });
  using Get = asio::awaitable<Result<model::GetCodeSigningConfigResponse>>;
  door.handle(model::kGetCodeSigningConfig, [](const Call&, model::GetCodeSigningConfigRequest request) -> Get {
    co_return no_code_signing(*request.code_signing_config_arn);
  });
  using Delete = asio::awaitable<Result<model::DeleteCodeSigningConfigResponse>>;
  door.handle(model::kDeleteCodeSigningConfig,
              [](const Call&, model::DeleteCodeSigningConfigRequest request) -> Delete {
                co_return no_code_signing(*request.code_signing_config_arn);
              });
  using Functions = asio::awaitable<Result<model::ListFunctionsByCodeSigningConfigResponse>>;
  door.handle(model::kListFunctionsByCodeSigningConfig,
              [](const Call&, model::ListFunctionsByCodeSigningConfigRequest request) -> Functions {
                co_return no_code_signing(*request.code_signing_config_arn);
              });
  using List = asio::awaitable<Result<model::ListCodeSigningConfigsResponse>>;
  door.handle(model::kListCodeSigningConfigs, [](const Call&, model::ListCodeSigningConfigsRequest) -> List {
    model::ListCodeSigningConfigsResponse response;
    response.code_signing_configs.emplace();
    co_return response;
  });
}

void register_provisioned(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kGetProvisionedConcurrencyConfig,
              [&core](const Call& call, model::GetProvisionedConcurrencyConfigRequest request) {
                return provisioned(core, call, std::move(request));
              });
  door.handle(model::kPutProvisionedConcurrencyConfig,
              [&core](const Call& call, model::PutProvisionedConcurrencyConfigRequest request) {
                return put_provisioned(core, call, std::move(request));
              });
  door.handle(model::kListProvisionedConcurrencyConfigs,
              [&core](const Call& call, model::ListProvisionedConcurrencyConfigsRequest request) {
                return list_provisioned(core, call, std::move(request));
              });
  door.handle(model::kDeleteProvisionedConcurrencyConfig,
              [&core](const Call& call, model::DeleteProvisionedConcurrencyConfigRequest request) {
                return delete_provisioned(core, call, std::move(request));
              });
}

}  // namespace

void register_unset_operations(Core& core) {
  register_code_signing(core);
  register_provisioned(core);
  auto& door = core.house.door;
  door.handle(model::kGetRuntimeManagementConfig,
              [&core](const Call& call, model::GetRuntimeManagementConfigRequest request) {
                return runtime_management(core, call, std::move(request));
              });
  door.handle(model::kPutRuntimeManagementConfig,
              [&core](const Call& call, model::PutRuntimeManagementConfigRequest request) {
                return put_runtime_management(core, call, std::move(request));
              });
  door.handle(model::kGetFunctionRecursionConfig,
              [&core](const Call& call, model::GetFunctionRecursionConfigRequest request) {
                return recursion(core, call, std::move(request));
              });
  door.handle(model::kPutFunctionRecursionConfig,
              [&core](const Call& call, model::PutFunctionRecursionConfigRequest request) {
                return put_recursion(core, call, std::move(request));
              });
}

}  // namespace signalbox::lambda
