// CreateFunction, UpdateFunctionConfiguration, the ways to look at functions, DeleteFunction.
#include "services/lambda/changes.h"
#include "services/lambda/configuration.h"
#include "services/lambda/fleet.h"
#include "services/lambda/function_code_page.h"
#include "services/lambda/listing.h"

namespace signalbox::lambda {
namespace {

using cloud::Call;

asio::awaitable<Result<model::FunctionConfiguration>> create(Core& core, const Call& call,
                                                             model::CreateFunctionRequest request) {
  const auto reference = read_function(call.scope, *request.function_name);
  if (!reference) co_return std::unexpected(reference.error());
  if (!reference->qualifier.empty()) co_return invalid("A function is created without a qualifier.");
  const FunctionName name = reference->function;
  const auto exists = [&] { return fail("ResourceConflictException", "Function already exist: " + name.name, 409); };
  if (core.find(name)) co_return exists();
  auto function = std::make_shared<Function>();
  auto version = std::make_shared<Version>();
  function->name = name;
  version->number = kLatest;
  Result<void> configured = request.tags ? check_tags(*request.tags) : Result<void>();
  if (configured) configured = configure(core, name, request, *version);
  if (configured) configured = co_await check_layers(core, name.scope, request.layers);
  if (!configured) co_return std::unexpected(std::move(configured).error());
  if (request.code->image_uri) co_return not_supported("Code.ImageUri");
  if (request.code->source_kms_key_arn) co_return not_supported("Code.SourceKMSKeyArn");
  CodeSource source{std::move(request.code->zip_file), std::move(request.code->s3_bucket),
                    std::move(request.code->s3_key), std::move(request.code->s3_object_version)};
  auto stored = co_await store_code(core, call, std::move(source), "CreateFunction");
  if (!stored) co_return std::unexpected(std::move(stored).error());
  version->code = stored->code.name();
  version->config.code_sha256 = code_sha256(version->code);
  version->config.code_size = stored->size;
  version->config.last_modified = modified_text(core.house.clock.now());
  version->config.revision_id = core.house.random.uuid();
  if (request.tags) function->tags = *request.tags;
  auto work = [&]() -> asio::awaitable<Result<model::FunctionConfiguration>> {
    if (core.find(name)) co_return exists();
    store::Batch batch;
    function->latest = version;
    put_version(core, name, *version, batch);
    VersionPtr result = version;
    if (request.publish.value_or(false)) result = publish(core, *function, {}, batch);
    batch.put(function_key(name), store::encode(*function));
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (!committed) co_return std::unexpected(std::move(committed).error());
    core.put(function);
    co_return shown_created(core, shown(name, *result, ""));
  };
  co_return co_await in_turn(core, name.scope, std::ref(work));
}

asio::awaitable<Result<model::FunctionConfiguration>> update(Core& core, const Call& call,
                                                             model::UpdateFunctionConfigurationRequest request) {
  const auto found = find_unqualified(core, call, "UpdateFunctionConfiguration", *request.function_name);
  if (!found) co_return std::unexpected(found.error());
  const Result<void> layers = co_await check_layers(core, found->function->name.scope, request.layers);
  if (!layers) co_return std::unexpected(layers.error());
  std::vector<std::string> before = found->version->layers;
  const auto changed = co_await change_function(
      core, found->function->name, [&](Function& function, store::Batch& batch) -> Result<void> {
        Result<void> same = check_revision(request.revision_id, function.latest->config.revision_id);
        if (!same) return same;
        auto version = std::make_shared<Version>(*function.latest);
        Result<void> configured = configure(core, function.name, request, *version);
        if (!configured) return configured;
        version->config.last_modified = modified_text(core.house.clock.now());
        version->config.revision_id = core.house.random.uuid();
        version->run = std::make_shared<char>();
        put_version(core, function.name, *version, batch);
        function.latest = version;
        return {};
      });
  if (!changed) co_return std::unexpected(changed.error());
  for (std::string& layer : before) core.settle_code(std::move(layer), false);
  co_return shown_updated(core, shown((*changed)->name, *(*changed)->latest, ""));
}

asio::awaitable<Result<model::GetFunctionResponse>> get(Core& core, const Call& call,
                                                        model::GetFunctionRequest request) {
  const auto found = find_function(core, call, "GetFunction", *request.function_name, request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  model::GetFunctionResponse response;
  response.configuration = shown(found->function->name, *found->version, found->qualifier);
  auto& code = response.code.emplace();
  code.repository_type = "S3";
  code.location = code_link(core, call, found->version->code);
  if (!found->function->tags.empty()) response.tags = found->function->tags;
  if (found->function->reserved) {
    response.concurrency.emplace().reserved_concurrent_executions = found->function->reserved;
  }
  co_return response;
}

asio::awaitable<Result<model::FunctionConfiguration>> get_configuration(
    Core& core, const Call& call, model::GetFunctionConfigurationRequest request) {
  const auto found = find_function(core, call, "GetFunctionConfiguration", *request.function_name, request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  co_return shown(found->function->name, *found->version, found->qualifier);
}

asio::awaitable<Result<model::ListFunctionsResponse>> list(Core& core, const Call& call,
                                                           model::ListFunctionsRequest request) {
  const bool all_versions = request.function_version.has_value();
  std::vector<std::pair<std::string, model::FunctionConfiguration>> all;
  for (const FunctionPtr& function : core.functions_of(call.scope)) {
    const FunctionName& name = function->name;
    all.emplace_back(name.name, listed(shown(name, *function->latest, all_versions ? kLatest : std::string_view())));
    if (!all_versions) continue;
    for (const auto& [number, version] : function->versions) {
      all.emplace_back(name.name + ":" + sortable(number), listed(shown(name, *version, version->number)));
    }
  }
  auto page = page_of("lambda.functions", std::move(all), request.marker, request.max_items);
  if (!page) co_return std::unexpected(std::move(page).error());
  model::ListFunctionsResponse response;
  response.functions = std::move(page->items);
  response.next_marker = std::move(page->next);
  co_return response;
}

asio::awaitable<Result<void>> remove_version(Core& core, FunctionName name, std::string number) {
  std::string code;
  const auto changed =
      co_await change_function(core, name, [&](Function& function, store::Batch& batch) -> Result<void> {
        if (number != kLatest && !is_version_number(number)) {
          return invalid("Deletion of aliases is not currently supported.");
        }
        if (number == kLatest) {
          return invalid("$LATEST version cannot be deleted without deleting the function.");
        }
        const VersionPtr version = function.version(number);
        if (!version) return {};
        for (const auto& [alias, config] : function.aliases) {
          const auto weights = config.routing_config ? config.routing_config->additional_version_weights : std::nullopt;
          if (config.function_version != number && !(weights && weights->contains(number))) continue;
          return fail("ResourceConflictException", "Version " + number + " is referenced by alias " + alias + ".", 409);
        }
        code = version->code;
        const auto key = std::stoull(number);
        batch.erase(version_key(name, key));
        function.versions.erase(key);
        function.policies.erase(number);
        function.invoke_configs.erase(number);
        return {};
      });
  if (!changed) co_return std::unexpected(changed.error());
  if (!code.empty()) core.settle_code(std::move(code), false);
  co_return Result<void>();
}

asio::awaitable<Result<model::DeleteFunctionResponse>> remove(Core& core, const Call& call,
                                                              model::DeleteFunctionRequest request) {
  const auto reference = read_any_function(call.scope, *request.function_name, request.qualifier);
  if (!reference) co_return std::unexpected(reference.error());
  const FunctionName name = reference->function;
  if (name.scope != call.scope) {
    const auto found = find_function(core, call, "DeleteFunction", name.arn(), request.qualifier);
    if (!found) co_return std::unexpected(found.error());
  }
  model::DeleteFunctionResponse response;
  response.status_code = 204;
  if (!reference->qualifier.empty()) {
    const auto removed = co_await remove_version(core, name, reference->qualifier);
    if (!removed) co_return std::unexpected(removed.error());
    co_return response;
  }
  auto work = [&]() -> asio::awaitable<Result<model::DeleteFunctionResponse>> {
    const FunctionPtr function = core.find(name);
    if (!function) co_return no_such_function(name.arn());
    store::Batch batch;
    batch.erase(function_key(name));
    const store::Key versions =
        store::Key(kVersionSpace).text(name.scope.account).text(name.scope.region).text(name.name);
    batch.erase_range(versions, versions.end());
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (!committed) co_return std::unexpected(std::move(committed).error());
    core.erase(name);
    core.fleet->changed(name);
    std::set<std::string> code(function->latest->layers.begin(), function->latest->layers.end());
    code.insert(function->latest->code);
    for (const auto& [number, version] : function->versions) {
      code.insert(version->code);
      code.insert(version->layers.begin(), version->layers.end());
    }
    for (const std::string& one : code) core.settle_code(one, false);
    co_return response;
  };
  co_return co_await in_turn(core, name.scope, std::ref(work));
}

}  // namespace

void register_function_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kCreateFunction, [&core](const Call& call, model::CreateFunctionRequest request) {
    return create(core, call, std::move(request));
  });
  door.handle(model::kUpdateFunctionConfiguration,
              [&core](const Call& call, model::UpdateFunctionConfigurationRequest request) {
                return update(core, call, std::move(request));
              });
  door.handle(model::kGetFunction, [&core](const Call& call, model::GetFunctionRequest request) {
    return get(core, call, std::move(request));
  });
  door.handle(model::kGetFunctionConfiguration,
              [&core](const Call& call, model::GetFunctionConfigurationRequest request) {
                return get_configuration(core, call, std::move(request));
              });
  door.handle(model::kListFunctions, [&core](const Call& call, model::ListFunctionsRequest request) {
    return list(core, call, std::move(request));
  });
  door.handle(model::kDeleteFunction, [&core](const Call& call, model::DeleteFunctionRequest request) {
    return remove(core, call, std::move(request));
  });
}

}  // namespace signalbox::lambda
