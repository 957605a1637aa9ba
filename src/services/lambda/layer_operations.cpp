// Layers: packages that functions have at /opt.
#include "services/lambda/changes.h"
#include "services/lambda/configuration.h"
#include "services/lambda/function_code_page.h"
#include "services/lambda/layer_policy.h"
#include "services/lambda/listing.h"

namespace signalbox::lambda {
namespace {

using cloud::Call;

std::unexpected<Error> no_such_layer() {
  return fail("ResourceNotFoundException", "The resource you requested does not exist.", 404);
}

asio::awaitable<Result<model::PublishLayerVersionResponse>> publish_layer(Core& core, const Call& call,
                                                                          model::PublishLayerVersionRequest request) {
  const auto named = read_layer(call.scope, *request.layer_name);
  if (!named) co_return std::unexpected(named.error());
  const LayerName name = *named;
  if (name.scope != call.scope) co_return invalid("A layer is published in the caller's own account and Region.");
  CodeSource source{std::move(request.content->zip_file), std::move(request.content->s3_bucket),
                    std::move(request.content->s3_key), std::move(request.content->s3_object_version)};
  auto stored = co_await store_code(core, call, std::move(source), "PublishLayerVersion");
  if (!stored) co_return std::unexpected(std::move(stored).error());
  auto work = [&]() -> asio::awaitable<Result<model::PublishLayerVersionResponse>> {
    const LayerPtr present = core.find_layer(name);
    auto layer = present ? std::make_shared<Layer>(*present) : std::make_shared<Layer>();
    layer->name = name;
    const std::uint64_t number = layer->next_version++;
    LayerVersion& version = layer->versions[number];
    version.code = stored->code.name();
    auto& shown = version.description;
    shown.layer_arn = name.arn();
    shown.layer_version_arn = name.arn(number);
    shown.description = request.description.value_or("");
    shown.created_date = modified_text(core.house.clock.now());
    shown.version = static_cast<std::int64_t>(number);
    shown.compatible_runtimes = request.compatible_runtimes;
    shown.compatible_architectures = request.compatible_architectures;
    shown.license_info = request.license_info;
    auto& content = shown.content.emplace();
    content.code_sha256 = code_sha256(version.code);
    content.code_size = stored->size;
    store::Batch batch;
    batch.put(layer_key(name), encode(*layer));
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (!committed) co_return std::unexpected(std::move(committed).error());
    model::PublishLayerVersionResponse response{shown.content,
                                                shown.layer_arn,
                                                shown.layer_version_arn,
                                                shown.description,
                                                shown.created_date,
                                                shown.version,
                                                shown.compatible_runtimes,
                                                shown.license_info,
                                                shown.compatible_architectures};
    response.content->location = code_link(core, call, version.code);
    core.put(LayerPtr(layer));
    co_return response;
  };
  co_return co_await in_turn(core, name.scope, std::ref(work));
}

Result<model::GetLayerVersionResponse> find_version(Core& core, const Call& call, const LayerReference& named) {
  const LayerPtr layer = named.layer.scope.region == call.scope.region ? core.find_layer(named.layer) : nullptr;
  const bool is_there = layer && layer->versions.contains(named.version);
  const bool ours = named.layer.scope.account == call.scope.account;
  if (!is_there && ours) return no_such_layer();
  // In enforce mode the door has asked.
  static const LayerVersion kNone{};
  const LayerVersion& version = is_there ? layer->versions.at(named.version) : kNone;
  Result<void> may;
  if (!core.house.authority.enforcing() || !is_there) may = check_layer_user(named, version, call.scope.account);
  if (!may) return std::unexpected(std::move(may).error());
  model::GetLayerVersionResponse response = version.description;
  response.content->location = code_link(core, call, version.code);
  return response;
}

asio::awaitable<Result<model::GetLayerVersionResponse>> get_layer(Core& core, const Call& call,
                                                                  model::GetLayerVersionRequest request) {
  const auto named = read_layer(call.scope, *request.layer_name);
  if (!named) co_return std::unexpected(named.error());
  if (*request.version_number < 1) co_return invalid("Layer Version Cannot be less than 1");
  co_return find_version(core, call, {*named, static_cast<std::uint64_t>(*request.version_number)});
}

asio::awaitable<Result<model::GetLayerVersionResponse>> get_layer_by_arn(Core& core, const Call& call,
                                                                         model::GetLayerVersionByArnRequest request) {
  const auto named = read_layer_arn(*request.arn);
  if (!named) co_return invalid("Invalid layer version ARN: " + *request.arn);
  co_return find_version(core, call, *named);
}

model::LayerVersionsListItem item_of(const LayerVersion& version) {
  const auto& from = version.description;
  return {from.layer_version_arn,
          from.version,
          from.description,
          from.created_date,
          from.compatible_runtimes,
          from.license_info,
          from.compatible_architectures};
}

bool has(const std::optional<std::vector<std::string>>& all, const std::optional<std::string>& wanted) {
  return !wanted || (all && std::ranges::count(*all, *wanted) != 0);
}
template <class Request>
bool fits(const LayerVersion& version, const Request& request) {
  return has(version.description.compatible_runtimes, request.compatible_runtime) &&
         has(version.description.compatible_architectures, request.compatible_architecture);
}

asio::awaitable<Result<model::ListLayersResponse>> list_layers(Core& core, const Call& call,
                                                               model::ListLayersRequest request) {
  std::vector<std::pair<std::string, model::LayersListItem>> all;
  for (const LayerPtr& layer : core.layers_of(call.scope)) {
    for (auto at = layer->versions.rbegin(); at != layer->versions.rend(); ++at) {
      if (!fits(at->second, request)) continue;
      all.emplace_back(layer->name.name,
                       model::LayersListItem{layer->name.name, layer->name.arn(), item_of(at->second)});
      break;
    }
  }
  auto page = page_of("lambda.layers", std::move(all), request.marker, request.max_items);
  if (!page) co_return std::unexpected(std::move(page).error());
  co_return model::ListLayersResponse{std::move(page->next), std::move(page->items)};
}

asio::awaitable<Result<model::ListLayerVersionsResponse>> list_layer_versions(Core& core, const Call& call,
                                                                              model::ListLayerVersionsRequest request) {
  const auto named = read_layer(call.scope, *request.layer_name);
  if (!named) co_return std::unexpected(named.error());
  std::vector<std::pair<std::string, model::LayerVersionsListItem>> all;
  if (const LayerPtr layer = named->scope == call.scope ? core.find_layer(*named) : nullptr) {
    for (auto at = layer->versions.rbegin(); at != layer->versions.rend(); ++at) {  // the newest first
      if (fits(at->second, request)) all.emplace_back(sortable(~at->first), item_of(at->second));
    }
  }
  auto page = page_of("lambda.layer-versions", std::move(all), request.marker, request.max_items);
  if (!page) co_return std::unexpected(std::move(page).error());
  co_return model::ListLayerVersionsResponse{std::move(page->next), std::move(page->items)};
}

asio::awaitable<Result<model::DeleteLayerVersionResponse>> delete_layer(Core& core, const Call& call,
                                                                        model::DeleteLayerVersionRequest request) {
  const auto named = read_layer(call.scope, *request.layer_name);
  if (!named) co_return std::unexpected(named.error());
  const LayerName name = *named;
  if (name.scope != call.scope) co_return no_such_layer();
  if (*request.version_number < 1) co_return invalid("Layer Version Cannot be less than 1");
  std::string code;
  auto work = [&]() -> asio::awaitable<Result<model::DeleteLayerVersionResponse>> {
    const LayerPtr present = core.find_layer(name);
    const auto number = static_cast<std::uint64_t>(*request.version_number);
    if (!present || !present->versions.contains(number)) co_return model::DeleteLayerVersionResponse{};
    auto layer = std::make_shared<Layer>(*present);
    code = layer->versions.at(number).code;
    layer->versions.erase(number);
    store::Batch batch;
    batch.put(layer_key(name), encode(*layer));  // it stays, so that a number is not given twice
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (!committed) co_return std::unexpected(std::move(committed).error());
    core.put(LayerPtr(layer));
    core.settle_code(std::move(code), false);
    co_return model::DeleteLayerVersionResponse{};
  };
  co_return co_await in_turn(core, name.scope, std::ref(work));
}

}  // namespace

void register_layer_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kPublishLayerVersion, [&core](const Call& call, model::PublishLayerVersionRequest request) {
    return publish_layer(core, call, std::move(request));
  });
  door.handle(model::kGetLayerVersion, [&core](const Call& call, model::GetLayerVersionRequest request) {
    return get_layer(core, call, std::move(request));
  });
  door.handle(model::kGetLayerVersionByArn, [&core](const Call& call, model::GetLayerVersionByArnRequest request) {
    return get_layer_by_arn(core, call, std::move(request));
  });
  door.handle(model::kListLayers, [&core](const Call& call, model::ListLayersRequest request) {
    return list_layers(core, call, std::move(request));
  });
  door.handle(model::kListLayerVersions, [&core](const Call& call, model::ListLayerVersionsRequest request) {
    return list_layer_versions(core, call, std::move(request));
  });
  door.handle(model::kDeleteLayerVersion, [&core](const Call& call, model::DeleteLayerVersionRequest request) {
    return delete_layer(core, call, std::move(request));
  });
}

}  // namespace signalbox::lambda
