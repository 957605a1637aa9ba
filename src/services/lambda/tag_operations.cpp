// Tags of functions.
#include "services/lambda/changes.h"

namespace signalbox::lambda {
namespace {

using cloud::Call;

constexpr std::size_t kMaxTags = 50;

/// Errors: InvalidParameterValueException for what has no tags here; ResourceNotFoundException.
Result<FunctionPtr> tagged(const Core& core, const Call& call, const std::string& arn) {
  const auto named = read_function_arn(arn);
  if (!named)
    return invalid("Tags on function aliases and versions, and on other resources, are not supported: " + arn);
  if (!named->qualifier.empty()) return invalid("Tags on function aliases and versions are not supported.");
  const FunctionPtr function = named->function.scope == call.scope ? core.find(named->function) : nullptr;
  if (!function) return no_such_function(arn);
  return function;
}

asio::awaitable<Result<model::TagResourceResponse>> tag(Core& core, const Call& call,
                                                        model::TagResourceRequest request) {
  const auto function = tagged(core, call, *request.resource);
  if (!function) co_return std::unexpected(function.error());
  const auto changed =
      co_await change_function(core, (*function)->name, [&](Function& one, store::Batch&) -> Result<void> {
        for (const auto& [key, value] : *request.tags) {
          if (key.starts_with("aws:")) return invalid("Tag keys must not begin with aws: " + key);
          one.tags[key] = value;
        }
        if (one.tags.size() > kMaxTags) return invalid("A function can have at most 50 tags.");
        return {};
      });
  if (!changed) co_return std::unexpected(changed.error());
  co_return model::TagResourceResponse{};
}

asio::awaitable<Result<model::UntagResourceResponse>> untag(Core& core, const Call& call,
                                                            model::UntagResourceRequest request) {
  const auto function = tagged(core, call, *request.resource);
  if (!function) co_return std::unexpected(function.error());
  const auto changed =
      co_await change_function(core, (*function)->name, [&](Function& one, store::Batch&) -> Result<void> {
        for (const std::string& key : *request.tag_keys) one.tags.erase(key);
        return {};
      });
  if (!changed) co_return std::unexpected(changed.error());
  co_return model::UntagResourceResponse{};
}

asio::awaitable<Result<model::ListTagsResponse>> list(Core& core, const Call& call, model::ListTagsRequest request) {
  const auto function = tagged(core, call, *request.resource);
  if (!function) co_return std::unexpected(function.error());
  co_return model::ListTagsResponse{(*function)->tags};
}

}  // namespace

void register_tag_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kTagResource, [&core](const Call& call, model::TagResourceRequest request) {
    return tag(core, call, std::move(request));
  });
  door.handle(model::kUntagResource, [&core](const Call& call, model::UntagResourceRequest request) {
    return untag(core, call, std::move(request));
  });
  door.handle(model::kListTags, [&core](const Call& call, model::ListTagsRequest request) {
    return list(core, call, std::move(request));
  });
}

}  // namespace signalbox::lambda
