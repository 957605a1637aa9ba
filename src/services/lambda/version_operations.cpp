// Versions, and the aliases that lead to them.
#include "services/lambda/changes.h"
#include "services/lambda/configuration.h"
#include "services/lambda/fleet.h"
#include "services/lambda/listing.h"

namespace signalbox::lambda {
namespace {

using cloud::Call;

asio::awaitable<Result<model::FunctionConfiguration>> publish_version(Core& core, const Call& call,
                                                                      model::PublishVersionRequest request) {
  const auto found = find_function(core, call, "PublishVersion", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  if (request.publish_to) co_return not_supported("PublishTo");
  VersionPtr version;
  const auto changed = co_await change_function(
      core, found->function->name, [&](Function& function, store::Batch& batch) -> Result<void> {
        Result<void> same = check_revision(request.revision_id, function.latest->config.revision_id);
        if (!same) return same;
        if (request.code_sha256 && !request.code_sha256->empty() &&
            request.code_sha256 != function.latest->config.code_sha256) {
          return invalid("CodeSHA256 (" + *request.code_sha256 + ") is different from current CodeSHA256 in $LATEST (" +
                         *function.latest->config.code_sha256 + "). Please try again with the CodeSHA256 in $LATEST.");
        }
        version = publish(core, function, request.description, batch);
        return {};
      });
  if (!changed) co_return std::unexpected(changed.error());
  co_return shown((*changed)->name, *version, version->number);
}

asio::awaitable<Result<model::ListVersionsByFunctionResponse>> list_versions(
    Core& core, const Call& call, model::ListVersionsByFunctionRequest request) {
  const auto found = find_function(core, call, "ListVersionsByFunction", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  const FunctionName& name = found->function->name;
  std::vector<std::pair<std::string, model::FunctionConfiguration>> all;
  all.emplace_back("", listed(shown(name, *found->function->latest, kLatest)));
  for (const auto& [number, version] : found->function->versions) {
    all.emplace_back(sortable(number), listed(shown(name, *version, version->number)));
  }
  auto page = page_of("lambda.versions", std::move(all), request.marker, request.max_items);
  if (!page) co_return std::unexpected(std::move(page).error());
  co_return model::ListVersionsByFunctionResponse{std::move(page->next), std::move(page->items)};
}

/// Weights of nothing are none, and not told.
void drop_empty_routing(model::AliasConfiguration& alias) {
  const auto& routing = alias.routing_config;
  const bool weighted = routing && routing->additional_version_weights && !routing->additional_version_weights->empty();
  if (!weighted) alias.routing_config.reset();
}

/// Checks what an alias leads to. Errors: InvalidParameterValueException; ResourceNotFoundException.
Result<void> check_alias(const Function& function, const model::AliasConfiguration& alias) {
  const auto exists = [&](const std::string& number) { return function.version(number) != nullptr; };
  if (!exists(*alias.function_version)) return no_such_function(function.name.arn(*alias.function_version));
  if (!alias.routing_config || !alias.routing_config->additional_version_weights) return {};
  const auto& weights = *alias.routing_config->additional_version_weights;
  if (weights.size() > 1) return invalid("Number of items in AdditionalVersionWeights cannot be greater than 1");
  for (const auto& [number, weight] : weights) {
    if (alias.function_version == kLatest || number == kLatest) {
      return invalid("$LATEST is not supported for an alias pointing to more than 1 version");
    }
    if (number == alias.function_version) {
      return invalid("Invalid function version " + number + ". Function version " + number +
                     " is already included in routing configuration.");
    }
    if (!exists(number)) return no_such_function(function.name.arn(number));
    if (!(weight >= 0 && weight <= 1)) return invalid("Weights of versions are between 0 and 1.");
  }
  return {};
}

asio::awaitable<Result<model::AliasConfiguration>> create_alias(Core& core, const Call& call,
                                                                model::CreateAliasRequest request) {
  const auto found = find_function(core, call, "CreateAlias", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  const std::string alias_name = *request.name;
  const auto changed =
      co_await change_function(core, found->function->name, [&](Function& function, store::Batch&) -> Result<void> {
        if (function.aliases.contains(alias_name)) {
          return fail("ResourceConflictException", "Alias already exists: " + function.name.arn(alias_name), 409);
        }
        model::AliasConfiguration alias;
        alias.alias_arn = function.name.arn(alias_name);
        alias.name = alias_name;
        alias.function_version = request.function_version;
        alias.description = request.description.value_or("");
        alias.routing_config = request.routing_config;
        drop_empty_routing(alias);
        alias.revision_id = core.house.random.uuid();
        Result<void> good = check_alias(function, alias);
        if (good) function.aliases[alias_name] = std::move(alias);
        return good;
      });
  if (!changed) co_return std::unexpected(changed.error());
  co_return (*changed)->aliases.at(alias_name);
}

std::unexpected<Error> no_such_alias(const FunctionName& name, const std::string& alias) {
  return fail("ResourceNotFoundException", "Cannot find alias arn: " + name.arn(alias), 404);
}

asio::awaitable<Result<model::AliasConfiguration>> update_alias(Core& core, const Call& call,
                                                                model::UpdateAliasRequest request) {
  const auto found = find_function(core, call, "UpdateAlias", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  const std::string alias_name = *request.name;
  const auto changed =
      co_await change_function(core, found->function->name, [&](Function& function, store::Batch&) -> Result<void> {
        const auto present = function.aliases.find(alias_name);
        if (present == function.aliases.end()) {
          return fail("ResourceNotFoundException", "Alias not found: " + function.name.arn(alias_name), 404);
        }
        model::AliasConfiguration alias = present->second;
        Result<void> good = check_revision(request.revision_id, alias.revision_id);
        if (!good) return good;
        if (request.function_version) alias.function_version = request.function_version;
        if (request.description) alias.description = request.description;
        if (request.routing_config) alias.routing_config = request.routing_config;
        drop_empty_routing(alias);
        alias.revision_id = core.house.random.uuid();
        good = check_alias(function, alias);
        if (good) present->second = std::move(alias);
        return good;
      });
  if (!changed) co_return std::unexpected(changed.error());
  co_return (*changed)->aliases.at(alias_name);
}

asio::awaitable<Result<model::AliasConfiguration>> get_alias(Core& core, const Call& call,
                                                             model::GetAliasRequest request) {
  const auto found = find_function(core, call, "GetAlias", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  const auto alias = found->function->aliases.find(*request.name);
  if (alias == found->function->aliases.end()) co_return no_such_alias(found->function->name, *request.name);
  co_return alias->second;
}

asio::awaitable<Result<model::ListAliasesResponse>> list_aliases(Core& core, const Call& call,
                                                                 model::ListAliasesRequest request) {
  const auto found = find_function(core, call, "ListAliases", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  std::vector<std::pair<std::string, model::AliasConfiguration>> all;
  for (const auto& [name, alias] : found->function->aliases) {
    if (request.function_version && alias.function_version != request.function_version) continue;
    all.emplace_back(name, alias);
  }
  auto page = page_of("lambda.aliases", std::move(all), request.marker, request.max_items);
  if (!page) co_return std::unexpected(std::move(page).error());
  co_return model::ListAliasesResponse{std::move(page->next), std::move(page->items)};
}

asio::awaitable<Result<model::DeleteAliasResponse>> delete_alias(Core& core, const Call& call,
                                                                 model::DeleteAliasRequest request) {
  const auto found = find_function(core, call, "DeleteAlias", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  const std::string& alias = *request.name;
  const auto changed =
      co_await change_function(core, found->function->name, [&](Function& function, store::Batch&) -> Result<void> {
        function.aliases.erase(alias);
        function.policies.erase(alias);
        function.urls.erase(alias);
        function.invoke_configs.erase(alias);
        return {};
      });
  if (!changed) co_return std::unexpected(changed.error());
  co_return model::DeleteAliasResponse{};
}

}  // namespace

void register_version_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kPublishVersion, [&core](const Call& call, model::PublishVersionRequest request) {
    return publish_version(core, call, std::move(request));
  });
  door.handle(model::kListVersionsByFunction, [&core](const Call& call, model::ListVersionsByFunctionRequest request) {
    return list_versions(core, call, std::move(request));
  });
  door.handle(model::kCreateAlias, [&core](const Call& call, model::CreateAliasRequest request) {
    return create_alias(core, call, std::move(request));
  });
  door.handle(model::kUpdateAlias, [&core](const Call& call, model::UpdateAliasRequest request) {
    return update_alias(core, call, std::move(request));
  });
  door.handle(model::kGetAlias, [&core](const Call& call, model::GetAliasRequest request) {
    return get_alias(core, call, std::move(request));
  });
  door.handle(model::kListAliases, [&core](const Call& call, model::ListAliasesRequest request) {
    return list_aliases(core, call, std::move(request));
  });
  door.handle(model::kDeleteAlias, [&core](const Call& call, model::DeleteAliasRequest request) {
    return delete_alias(core, call, std::move(request));
  });
}

}  // namespace signalbox::lambda
