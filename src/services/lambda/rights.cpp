#include "services/lambda/rights.h"

#include "cloud/access_table.h"
#include "cloud/delivery_rights.h"
#include "services/lambda/layer_policy.h"

namespace signalbox::lambda {
namespace {

constexpr const char* kPrincipal = "lambda.amazonaws.com";
constexpr std::string_view kFunction = "$function";
constexpr std::string_view kLayer = "$layer";
constexpr std::string_view kMapping = "event-source-mapping:{UUID}";

constexpr cloud::AccessRow kRows[] = {
    {.operation = "AddLayerVersionPermission", .resource = kLayer, .own_account = true},
    {.operation = "AddPermission", .resource = kFunction, .own_account = true},
    {.operation = "CreateAlias", .resource = kFunction},
    {.operation = "CreateEventSourceMapping", .keys = "lambda:FunctionArn=$function", .tagging = "lambda:TagResource"},
    {.operation = "CreateFunction", .resource = kFunction, .roles = "Role", .tagging = "lambda:TagResource"},
    {.operation = "CreateFunctionUrlConfig", .resource = kFunction, .keys = "lambda:FunctionUrlAuthType=AuthType"},
    {.operation = "DeleteAlias", .resource = kFunction},
    {.operation = "DeleteCodeSigningConfig", .resource = "@CodeSigningConfigArn"},
    {.operation = "DeleteEventSourceMapping", .resource = kMapping},
    {.operation = "DeleteFunction", .resource = kFunction},
    {.operation = "DeleteFunctionCodeSigningConfig", .resource = kFunction},
    {.operation = "DeleteFunctionConcurrency", .resource = kFunction},
    {.operation = "DeleteFunctionEventInvokeConfig", .resource = kFunction},
    {.operation = "DeleteFunctionUrlConfig", .resource = kFunction},
    {.operation = "DeleteLayerVersion", .resource = kLayer},
    {.operation = "DeleteProvisionedConcurrencyConfig", .resource = kFunction},
    {.operation = "GetAccountSettings"},
    {.operation = "GetAlias", .resource = kFunction},
    {.operation = "GetCodeSigningConfig", .resource = "@CodeSigningConfigArn"},
    {.operation = "GetEventSourceMapping", .resource = kMapping},
    {.operation = "GetFunction", .resource = kFunction},
    {.operation = "GetFunctionCodeSigningConfig", .resource = kFunction},
    {.operation = "GetFunctionConcurrency", .resource = kFunction},
    {.operation = "GetFunctionConfiguration", .resource = kFunction},
    {.operation = "GetFunctionEventInvokeConfig", .resource = kFunction},
    {.operation = "GetFunctionRecursionConfig", .resource = kFunction},
    {.operation = "GetFunctionUrlConfig", .resource = kFunction},
    {.operation = "GetLayerVersion", .resource = kLayer},
    {.operation = "GetLayerVersionByArn", .resource = "@Arn", .action = "lambda:GetLayerVersion"},
    {.operation = "GetLayerVersionPolicy", .resource = kLayer, .own_account = true},
    {.operation = "GetPolicy", .resource = kFunction},
    {.operation = "GetProvisionedConcurrencyConfig", .resource = kFunction},
    {.operation = "GetRuntimeManagementConfig", .resource = kFunction},
    {.operation = "Invoke", .resource = kFunction, .action = "lambda:InvokeFunction"},
    {.operation = "InvokeAsync", .resource = kFunction},
    {.operation = "ListAliases", .resource = kFunction},
    {.operation = "ListCodeSigningConfigs"},
    {.operation = "ListEventSourceMappings"},
    {.operation = "ListFunctionEventInvokeConfigs", .resource = kFunction},
    {.operation = "ListFunctionUrlConfigs", .resource = kFunction},
    {.operation = "ListFunctions"},
    {.operation = "ListFunctionsByCodeSigningConfig", .resource = "@CodeSigningConfigArn"},
    {.operation = "ListLayerVersions"},
    {.operation = "ListLayers"},
    {.operation = "ListProvisionedConcurrencyConfigs", .resource = kFunction},
    {.operation = "ListTags", .resource = "@Resource"},
    {.operation = "ListVersionsByFunction", .resource = kFunction},
    {.operation = "PublishLayerVersion", .resource = kLayer},
    {.operation = "PublishVersion", .resource = kFunction},
    {.operation = "PutFunctionCodeSigningConfig", .resource = kFunction},
    {.operation = "PutFunctionConcurrency", .resource = kFunction},
    {.operation = "PutFunctionEventInvokeConfig", .resource = kFunction},
    {.operation = "PutFunctionRecursionConfig", .resource = kFunction},
    {.operation = "PutProvisionedConcurrencyConfig", .resource = kFunction},
    {.operation = "PutRuntimeManagementConfig", .resource = kFunction},
    {.operation = "RemoveLayerVersionPermission", .resource = kLayer, .own_account = true},
    {.operation = "RemovePermission", .resource = kFunction, .own_account = true},
    {.operation = "TagResource", .resource = "@Resource"},
    {.operation = "UntagResource", .resource = "@Resource"},
    {.operation = "UpdateAlias", .resource = kFunction},
    {.operation = "UpdateEventSourceMapping", .resource = kMapping},
    {.operation = "UpdateFunctionCode", .resource = kFunction},
    {.operation = "UpdateFunctionConfiguration", .resource = kFunction, .roles = "Role"},
    {.operation = "UpdateFunctionEventInvokeConfig", .resource = kFunction},
    {.operation = "UpdateFunctionUrlConfig", .resource = kFunction},
};

constexpr cloud::AccessTable kTable{.prefix = "lambda", .rows = kRows, .passed_to = kPrincipal};

/// The function that a request names, in whatever way, with its qualifier.
std::optional<std::string> function_arn(const cloud::Call& call, const cloud::InputFields& input) {
  const std::string qualifier = input.text("Qualifier");
  const auto named = read_any_function(call.scope, input.text("FunctionName"),
                                       qualifier.empty() ? std::nullopt : std::optional(qualifier));
  if (!named) return std::nullopt;  // the operation says what is wrong with it
  return named->function.arn(named->qualifier);
}

std::optional<std::string> layer_arn(const cloud::Call& call, const cloud::InputFields& input) {
  const auto named = read_layer(call.scope, input.text("LayerName"));
  if (!named) return std::nullopt;
  const std::string version = input.text("VersionNumber");
  return version.empty() ? named->arn() : named->arn() + ":" + version;
}

asio::awaitable<cloud::ResourceFacts> facts_of(const Core& core, std::string arn) {
  cloud::ResourceFacts facts;
  if (const auto layer = read_layer_arn(arn)) {
    const LayerPtr of = core.find_layer(layer->layer);
    const auto version = of ? of->versions.find(layer->version) : decltype(of->versions.end()){};
    if (of && version != of->versions.end()) facts.policy = policy_of(version->second);
    co_return facts;
  }
  const auto named = read_function_arn(arn);
  const FunctionPtr function = named ? core.find(named->function) : nullptr;
  if (!function) co_return facts;
  const auto policy = function->policies.find(named->qualifier == kLatest ? "" : named->qualifier);
  if (policy != function->policies.end()) facts.policy = policy->second.document;
  facts.tags.assign(function->tags.begin(), function->tags.end());
  co_return facts;
}

cloud::DeliveryRight right_of(const Function& function, std::string resource) {
  return {kPrincipal, function.name.arn(), function.latest->config.role.value_or(""), std::move(resource)};
}

}  // namespace

void describe_access(Core& core) {
  auto& authority = core.house.authority;
  cloud::describe(authority, model::kService, kTable, {{"function", function_arn}, {"layer", layer_arn}});
  authority.know("lambda", [&core](std::string arn) { return facts_of(core, std::move(arn)); });
}

cloud::RoleUse role_of(const FunctionName& function, const std::string& role) {
  cloud::RoleUse use;
  use.role_arn = role;
  use.service = kPrincipal;
  use.session_name = function.name + "@lambda_function";
  use.source_arn = function.arn();
  use.source_account = function.scope.account;
  return use;
}

asio::awaitable<Result<void>> role_may(const Core& core, FunctionPtr function, std::string action,
                                       std::string resource) {
  cloud::DeliveryRight right = right_of(*function, std::move(resource));
  co_return co_await cloud::role_may(core.house.authority, core.house.sessions, std::move(right), std::move(action));
}

asio::awaitable<Result<void>> role_may_send(const Core& core, FunctionPtr function, std::string destination) {
  cloud::DeliveryRight right = right_of(*function, std::move(destination));
  co_return co_await cloud::may_deliver(core.house.authority, core.house.sessions, std::move(right));
}

}  // namespace signalbox::lambda
