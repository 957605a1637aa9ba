#include "services/lambda/rights.h"

#include <initializer_list>

#include "cloud/access_table.h"
#include "cloud/delivery_rights.h"
#include "json/json.h"
#include "policy/statement_text.h"
#include "services/lambda/layer_policy.h"
#include "services/lambda/mappings.h"

namespace signalbox::lambda {
namespace {

constexpr const char* kPrincipal = "lambda.amazonaws.com";
constexpr std::string_view kFunction = "$function";
constexpr std::string_view kQualified = "$qualified";  // of operations on versions and aliases, too
constexpr std::string_view kLayer = "$layer";
constexpr std::string_view kLayersKey = "lambda:Layer=Layers[]";
constexpr std::string_view kLayersUsed = "lambda:GetLayerVersion=Layers[]";
constexpr std::string_view kUrlKeys = "lambda:FunctionUrlAuthType=$url lambda:FunctionArn=$function";

constexpr cloud::AccessRow kRows[] = {
    {.operation = "AddLayerVersionPermission", .resource = kLayer, .own_account = true},
    {.operation = "AddPermission",
     .resource = kQualified,
     .keys = "lambda:Principal=Principal lambda:FunctionUrlAuthType=FunctionUrlAuthType",
     .own_account = true},
    {.operation = "CreateAlias", .resource = kFunction},
    {.operation = "CreateEventSourceMapping", .keys = "lambda:FunctionArn=$qualified", .tagging = "lambda:TagResource"},
    {.operation = "CreateFunction",
     .resource = kFunction,
     .keys = kLayersKey,
     .roles = "Role",
     .tagging = "lambda:TagResource",
     .uses = kLayersUsed},
    {.operation = "CreateFunctionUrlConfig", .resource = kFunction, .keys = kUrlKeys},
    {.operation = "DeleteAlias", .resource = kFunction},
    {.operation = "DeleteCodeSigningConfig", .resource = "@CodeSigningConfigArn"},
    {.operation = "DeleteFunction", .resource = kQualified},
    {.operation = "DeleteFunctionCodeSigningConfig", .resource = kFunction},
    {.operation = "DeleteFunctionConcurrency", .resource = kFunction},
    {.operation = "DeleteFunctionEventInvokeConfig", .resource = kFunction},
    {.operation = "DeleteFunctionUrlConfig", .resource = kFunction, .keys = kUrlKeys},
    {.operation = "DeleteLayerVersion", .resource = kLayer},
    {.operation = "DeleteProvisionedConcurrencyConfig", .resource = kFunction},
    {.operation = "GetAccountSettings"},
    {.operation = "GetAlias", .resource = kFunction},
    {.operation = "GetCodeSigningConfig", .resource = "@CodeSigningConfigArn"},
    {.operation = "GetFunction", .resource = kQualified},
    {.operation = "GetFunctionCodeSigningConfig", .resource = kFunction},
    {.operation = "GetFunctionConcurrency", .resource = kFunction},
    {.operation = "GetFunctionConfiguration", .resource = kQualified},
    {.operation = "GetFunctionEventInvokeConfig", .resource = kFunction},
    {.operation = "GetFunctionRecursionConfig", .resource = kFunction},
    {.operation = "GetFunctionUrlConfig", .resource = kFunction, .keys = kUrlKeys},
    {.operation = "GetLayerVersion", .resource = kLayer},
    {.operation = "GetLayerVersionByArn", .resource = "@Arn", .action = "lambda:GetLayerVersion"},
    {.operation = "GetLayerVersionPolicy", .resource = kLayer, .own_account = true},
    {.operation = "GetPolicy", .resource = kQualified},
    {.operation = "GetProvisionedConcurrencyConfig", .resource = kFunction},
    {.operation = "GetRuntimeManagementConfig", .resource = kFunction},
    {.operation = "Invoke", .resource = kQualified, .action = "lambda:InvokeFunction"},
    {.operation = "InvokeAsync", .resource = kFunction},
    {.operation = "ListAliases", .resource = kFunction},
    {.operation = "ListCodeSigningConfigs"},
    {.operation = "ListEventSourceMappings"},
    {.operation = "ListFunctionEventInvokeConfigs", .resource = kFunction},
    {.operation = "ListFunctionUrlConfigs", .resource = kFunction, .keys = "lambda:FunctionArn=$function"},
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
    {.operation = "RemovePermission",
     .resource = kQualified,
     .keys = "lambda:Principal=$principal lambda:FunctionUrlAuthType=$permitted_url",
     .own_account = true},
    {.operation = "TagResource", .resource = "@Resource"},
    {.operation = "UntagResource", .resource = "@Resource"},
    {.operation = "UpdateAlias", .resource = kFunction},
    {.operation = "UpdateFunctionCode", .resource = kFunction},
    {.operation = "UpdateFunctionConfiguration",
     .resource = kFunction,
     .keys = kLayersKey,
     .roles = "Role",
     .uses = kLayersUsed},
    {.operation = "UpdateFunctionEventInvokeConfig", .resource = kFunction},
    {.operation = "UpdateFunctionUrlConfig", .resource = kFunction, .keys = kUrlKeys},
};

constexpr cloud::AccessTable kTable{.prefix = "lambda", .rows = kRows, .passed_to = kPrincipal};

/// The function that a request names, in whatever way. "$LATEST" is the function itself: it has one ARN.
std::optional<FunctionReference> function_of(const cloud::Call& call, const cloud::InputFields& input) {
  const std::string qualifier = input.text("Qualifier");
  auto named = read_any_function(call.scope, input.text("FunctionName"),
                                 qualifier.empty() ? std::nullopt : std::optional(qualifier));
  if (!named) return std::nullopt;  // the operation says what is wrong with it
  if (named->qualifier == kLatest) named->qualifier.clear();
  return *std::move(named);
}

std::optional<std::string> function_arn(const cloud::Call& call, const cloud::InputFields& input) {
  const auto named = function_of(call, input);
  return named ? std::optional(named->function.arn()) : std::nullopt;
}

std::optional<std::string> qualified_arn(const cloud::Call& call, const cloud::InputFields& input) {
  const auto named = function_of(call, input);
  return named ? std::optional(named->function.arn(named->qualifier)) : std::nullopt;
}

/// How callers of the function's URL prove who they are: as the request wants it, else as it is.
std::optional<std::string> url_type(const Core& core, const cloud::Call& call, const cloud::InputFields& input) {
  std::string wanted = input.text("AuthType");
  if (!wanted.empty()) return wanted;
  const auto named = function_of(call, input);
  const FunctionPtr function = named ? core.find(named->function) : nullptr;
  if (!function) return std::nullopt;
  const auto url = function->urls.find(named->qualifier);
  return url == function->urls.end() ? std::nullopt : url->second.auth_type;
}

/// The statement that a request to remove a permission names; nothing where there is none.
std::optional<std::string> named_statement(const Core& core, const cloud::Call& call, const cloud::InputFields& input) {
  const auto named = function_of(call, input);
  const FunctionPtr function = named ? core.find(named->function) : nullptr;
  if (!function) return std::nullopt;
  const auto policy = function->policies.find(named->qualifier);
  if (policy == function->policies.end()) return std::nullopt;
  for (policy::StatementText& statement : policy::statement_texts(policy->second.text)) {
    if (statement.sid == input.text("StatementId")) return std::move(statement.text);
  }
  return std::nullopt;
}

/// The text at that way through a statement's objects.
std::optional<std::string> text_at(const std::optional<std::string>& statement,
                                   std::initializer_list<std::string_view> way) {
  if (!statement) return std::nullopt;
  json::Document document;
  const auto root = document.parse(*statement);
  if (!root) return std::nullopt;
  std::optional<json::Value> at = *root;
  for (const std::string_view name : way) at = at && at->is_object() ? at->find(name) : std::nullopt;
  return at && at->is_string() ? std::optional(at->as_string()) : std::nullopt;
}

/// Whom a permission that is to be removed is for, in the words that AddPermission takes.
std::optional<std::string> permitted_principal(const std::optional<std::string>& statement) {
  if (auto everyone = text_at(statement, {"Principal"})) return everyone;
  if (auto service = text_at(statement, {"Principal", "Service"})) return service;
  auto arn = text_at(statement, {"Principal", "AWS"});
  const auto parsed = arn ? cloud::Arn::parse(*arn) : std::nullopt;
  return parsed && parsed->resource == "root" ? std::optional(parsed->account) : arn;
}

std::optional<std::string> layer_arn(const cloud::Call& call, const cloud::InputFields& input) {
  const auto named = read_layer(call.scope, input.text("LayerName"));
  if (!named) return std::nullopt;
  const std::string version = input.text("VersionNumber");
  return version.empty() ? named->arn() : named->arn() + ":" + version;
}

/// The mapping with that ARN; null where there is none.
MappingPtr find_mapping(const Core& core, std::string_view arn) {
  constexpr std::string_view kPrefix = "event-source-mapping:";
  const auto parsed = cloud::Arn::parse(arn);
  if (!parsed || !parsed->resource.starts_with(kPrefix)) return nullptr;
  return core.mappings->find(parsed->scope(), parsed->resource.substr(kPrefix.size()));
}

/// What is done to a mapping is done for the function that it is of, and for the one that it becomes another's of.
asio::awaitable<Result<cloud::Accesses>> of_mapping(const Core& core, const wire::Operation& operation,
                                                    const cloud::Call& call, const wire::AnyStructure& in) {
  const cloud::InputFields input(in);
  cloud::Access access;
  access.action = "lambda:" + std::string(operation.name);
  access.resource = cloud::arn_here(call, "lambda", "event-source-mapping:" + input.text("UUID"));
  const cloud::ResourceFacts facts = co_await core.house.authority.facts(access.resource);
  cloud::add_resource_tags(facts, access.keys);
  std::vector<std::string> functions;
  if (const MappingPtr mapping = find_mapping(core, access.resource)) {
    functions.push_back(co_await cloud::on(mapping->owner, [&]() -> asio::awaitable<std::string> {
      co_return mapping->config->function.function.arn(mapping->config->function.qualifier);
    }));
  }
  if (auto other = qualified_arn(call, input); other && !input.text("FunctionName").empty()) {
    functions.push_back(*std::move(other));
  }
  cloud::Accesses accesses;
  for (std::string& function : functions) {
    accesses.push_back(access);
    accesses.back().keys.add("lambda:FunctionArn", std::move(function));
  }
  if (accesses.empty()) accesses.push_back(std::move(access));
  co_return accesses;
}

asio::awaitable<cloud::ResourceFacts> facts_of(const Core& core, std::string arn) {
  cloud::ResourceFacts facts;
  if (const auto layer = read_layer_arn(arn)) {
    const LayerPtr of = core.find_layer(layer->layer);
    const auto version = of ? of->versions.find(layer->version) : decltype(of->versions.end()){};
    if (of && version != of->versions.end()) facts.policy = policy_of(version->second);
    co_return facts;
  }
  if (const MappingPtr mapping = find_mapping(core, arn)) {
    co_await cloud::on(mapping->owner, [&]() -> asio::awaitable<void> {
      const auto& tags = mapping->record.request.tags;
      if (tags) facts.tags.assign(tags->begin(), tags->end());
      co_return;
    });
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
  const auto url = [&core](const cloud::Call& call, const cloud::InputFields& input) {
    return url_type(core, call, input);
  };
  const auto principal = [&core](const cloud::Call& call, const cloud::InputFields& input) {
    return permitted_principal(named_statement(core, call, input));
  };
  const auto permitted_url = [&core](const cloud::Call& call, const cloud::InputFields& input) {
    return text_at(named_statement(core, call, input), {"Condition", "StringEquals", "lambda:FunctionUrlAuthType"});
  };
  cloud::describe(authority, model::kService, kTable,
                  {{"function", function_arn},
                   {"qualified", qualified_arn},
                   {"layer", layer_arn},
                   {"url", url},
                   {"principal", principal},
                   {"permitted_url", permitted_url}});
  for (const wire::Operation* operation :
       {model::kGetEventSourceMapping.operation, model::kUpdateEventSourceMapping.operation,
        model::kDeleteEventSourceMapping.operation}) {
    authority.describe(*operation, [&core, operation](const cloud::Call& call, const wire::AnyStructure& input) {
      return of_mapping(core, *operation, call, input);
    });
  }
  authority.know("lambda", [&core](std::string arn) { return facts_of(core, std::move(arn)); });
}

cloud::RoleUse role_of(const FunctionName& function, const std::string& role) {
  cloud::RoleUse use;
  use.role_arn = role;
  use.service = kPrincipal;
  use.session_name = function.name + "@lambda_function";
  use.source_arn = function.arn();
  use.source_account = function.scope.account;
  use.for_code = true;
  return use;
}

asio::awaitable<Result<void>> role_may(const Core& core, FunctionPtr function, std::string action,
                                       std::string resource) {
  cloud::DeliveryRight right = right_of(*function, std::move(resource));
  co_return co_await cloud::role_may(core.house.authority, core.house.sessions, std::move(right), std::move(action));
}

}  // namespace signalbox::lambda
