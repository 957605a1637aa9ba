// Function URLs: their settings, and the page behind them.
#include "services/lambda/changes.h"
#include "services/lambda/configuration.h"
#include "services/lambda/function_url.h"
#include "services/lambda/listing.h"

namespace signalbox::lambda {
namespace {

using cloud::Call;

/// As the caller reaches it: the stored part is the path.
model::GetFunctionUrlConfigResponse seen(const Call& call, model::GetFunctionUrlConfigResponse url) {
  url.function_url = call.endpoint + *url.function_url;
  return url;
}

std::unexpected<Error> no_such_url() {
  return fail("ResourceNotFoundException", "The resource you requested does not exist.", 404);
}

/// Errors: as find_function, where there is no such function in the words of these operations.
Result<Found> find_with_url(const Core& core, const Call& call, std::string_view operation, const std::string& name,
                            const std::optional<std::string>& qualifier) {
  auto found = find_function(core, call, operation, name, qualifier);
  const bool is_none = !found && found.error().code == "ResourceNotFoundException" &&
                       found.error().message.starts_with("Function not found");
  if (is_none) return fail("ResourceNotFoundException", "Function does not exist", 404);
  return found;
}

Result<void> check_url(const std::optional<std::string>& invoke_mode, const Found& found) {
  if (invoke_mode.value_or(model::invoke_mode::kBUFFERED) != model::invoke_mode::kBUFFERED) {
    return not_supported("InvokeMode RESPONSE_STREAM");
  }
  if (found.qualifier == kLatest || is_version_number(found.qualifier)) {
    return fail("ValidationException", "1 validation error detected: Value '" + found.qualifier +
                                           "' at 'qualifier' failed to satisfy constraint: Member must satisfy regular "
                                           "expression pattern: ((?!^\\d+$)^[0-9a-zA-Z-_]+$)");
  }
  return {};
}

asio::awaitable<Result<model::CreateFunctionUrlConfigResponse>> create(Core& core, const Call& call,
                                                                       model::CreateFunctionUrlConfigRequest request) {
  const auto found = find_with_url(core, call, "CreateFunctionUrlConfig", *request.function_name, request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  Result<void> good = check_url(request.invoke_mode, *found);
  if (!good) co_return std::unexpected(std::move(good).error());
  const std::string key = found->qualifier;
  const auto changed =
      co_await change_function(core, found->function->name, [&](Function& function, store::Batch&) -> Result<void> {
        if (function.urls.contains(key)) {
          return fail("ResourceConflictException",
                      "Failed to create function url config for [functionArn = " + function.name.arn(key) +
                          "]. Error message:  FunctionUrlConfig exists for this Lambda function",
                      409);
        }
        model::GetFunctionUrlConfigResponse url;
        std::string id = core.house.random.uuid();
        std::erase(id, '-');
        url.function_url = std::string(kUrlPath) + id + "/";
        url.function_arn = function.name.arn(key);
        url.auth_type = request.auth_type;
        url.cors = request.cors;
        url.creation_time = modified_text(core.house.clock.now());
        url.last_modified_time = url.creation_time;
        url.invoke_mode = request.invoke_mode;  // told only where it was given
        function.urls[key] = std::move(url);
        return {};
      });
  if (!changed) co_return std::unexpected(changed.error());
  const auto url = seen(call, (*changed)->urls.at(key));
  co_return model::CreateFunctionUrlConfigResponse{url.function_url, url.function_arn,  url.auth_type,
                                                   url.cors,         url.creation_time, url.invoke_mode};
}

asio::awaitable<Result<model::UpdateFunctionUrlConfigResponse>> update(Core& core, const Call& call,
                                                                       model::UpdateFunctionUrlConfigRequest request) {
  const auto found = find_with_url(core, call, "UpdateFunctionUrlConfig", *request.function_name, request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  Result<void> good = check_url(request.invoke_mode, *found);
  if (!good) co_return std::unexpected(std::move(good).error());
  const std::string key = found->qualifier;
  const auto changed =
      co_await change_function(core, found->function->name, [&](Function& function, store::Batch&) -> Result<void> {
        const auto present = function.urls.find(key);
        if (present == function.urls.end()) return no_such_url();
        if (request.auth_type) present->second.auth_type = request.auth_type;
        if (request.cors) present->second.cors = request.cors;
        if (request.invoke_mode) present->second.invoke_mode = request.invoke_mode;
        present->second.last_modified_time = modified_text(core.house.clock.now());
        return {};
      });
  if (!changed) co_return std::unexpected(changed.error());
  const auto url = seen(call, (*changed)->urls.at(key));
  model::UpdateFunctionUrlConfigResponse response;
  response.function_url = url.function_url;
  response.function_arn = url.function_arn;
  response.auth_type = url.auth_type;
  response.cors = url.cors;
  response.creation_time = url.creation_time;
  response.last_modified_time = url.last_modified_time;
  response.invoke_mode = url.invoke_mode;
  co_return response;
}

asio::awaitable<Result<model::GetFunctionUrlConfigResponse>> get(Core& core, const Call& call,
                                                                 model::GetFunctionUrlConfigRequest request) {
  const auto found = find_with_url(core, call, "GetFunctionUrlConfig", *request.function_name, request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  const auto url = found->function->urls.find(found->qualifier);
  if (url == found->function->urls.end()) co_return no_such_url();
  co_return seen(call, url->second);
}

asio::awaitable<Result<model::ListFunctionUrlConfigsResponse>> list(Core& core, const Call& call,
                                                                    model::ListFunctionUrlConfigsRequest request) {
  const auto found = find_with_url(core, call, "ListFunctionUrlConfigs", *request.function_name, {});
  if (!found) co_return std::unexpected(found.error());
  std::vector<std::pair<std::string, model::FunctionUrlConfig>> all;
  for (const auto& [qualifier, stored] : found->function->urls) {
    const auto url = seen(call, stored);
    all.emplace_back(qualifier,
                     model::FunctionUrlConfig{url.function_url, url.function_arn, url.creation_time,
                                              url.last_modified_time, url.cors, url.auth_type, url.invoke_mode});
  }
  auto page = page_of("lambda.urls", std::move(all), request.marker, request.max_items);
  if (!page) co_return std::unexpected(std::move(page).error());
  co_return model::ListFunctionUrlConfigsResponse{std::move(page->items), std::move(page->next)};
}

asio::awaitable<Result<model::DeleteFunctionUrlConfigResponse>> remove(Core& core, const Call& call,
                                                                       model::DeleteFunctionUrlConfigRequest request) {
  const auto found = find_with_url(core, call, "DeleteFunctionUrlConfig", *request.function_name, request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  const auto changed =
      co_await change_function(core, found->function->name, [&](Function& function, store::Batch&) -> Result<void> {
        if (function.urls.erase(found->qualifier) == 0) return no_such_url();
        return {};
      });
  if (!changed) co_return std::unexpected(changed.error());
  co_return model::DeleteFunctionUrlConfigResponse{};
}

}  // namespace

void register_url_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kCreateFunctionUrlConfig,
              [&core](const Call& call, model::CreateFunctionUrlConfigRequest request) {
                return create(core, call, std::move(request));
              });
  door.handle(model::kUpdateFunctionUrlConfig,
              [&core](const Call& call, model::UpdateFunctionUrlConfigRequest request) {
                return update(core, call, std::move(request));
              });
  door.handle(model::kGetFunctionUrlConfig, [&core](const Call& call, model::GetFunctionUrlConfigRequest request) {
    return get(core, call, std::move(request));
  });
  door.handle(model::kListFunctionUrlConfigs, [&core](const Call& call, model::ListFunctionUrlConfigsRequest request) {
    return list(core, call, std::move(request));
  });
  door.handle(model::kDeleteFunctionUrlConfig,
              [&core](const Call& call, model::DeleteFunctionUrlConfigRequest request) {
                return remove(core, call, std::move(request));
              });
  add_url_page(core);
}

}  // namespace signalbox::lambda
