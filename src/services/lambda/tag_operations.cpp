// Tags of functions and of event source mappings.
#include "services/lambda/changes.h"
#include "services/lambda/mappings.h"

namespace signalbox::lambda {
namespace {

using cloud::Call;

constexpr std::string_view kMappingPrefix = "event-source-mapping:";
/// What can have tags, in AWS's words: functions, code signing configurations, event source mappings.
constexpr std::string_view kTaggable =
    "arn:(aws[a-zA-Z-]*):lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:(function:[a-zA-Z0-9-_]+"
    "(:(\\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[a-f0-9]{8}-[a-f0-9]{4}-"
    "[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})";

/// A function's change and a mapping's are of one kind: what is done to the tags, nothing where they are only asked
/// for.
asio::awaitable<Result<Tags>> change_tags(Core& core, const Call& call, std::string_view operation, std::string arn,
                                          TagChange change) {
  const auto parsed = cloud::Arn::parse(arn);
  const bool ours = parsed && parsed->service == "lambda" && parsed->region == call.scope.region;
  if (ours && parsed->resource.starts_with(kMappingPrefix) && parsed->account == call.scope.account) {
    co_return co_await change_mapping_tags(core, parsed->scope(), parsed->resource.substr(kMappingPrefix.size()),
                                           std::move(change));
  }
  const auto named = read_function_arn(arn);
  if (!named) {
    co_return fail("ValidationException", "1 validation error detected: Value '" + arn +
                                              "' at 'resource' failed to satisfy constraint: Member must satisfy "
                                              "regular expression pattern: " +
                                              std::string(kTaggable));
  }
  if (!named->qualifier.empty()) {
    co_return invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.");
  }
  const auto found = find_function(core, call, operation, arn, {});
  if (!found) co_return std::unexpected(found.error());
  if (!change) co_return found->function->tags;
  const auto changed =
      co_await change_function(core, found->function->name, [&](Function& one, store::Batch& batch) -> Result<void> {
        Result<void> done = change(one.tags);
        if (done) renew_revision(core, one, std::string(kLatest), batch);
        return done;
      });
  if (!changed) co_return std::unexpected(changed.error());
  co_return (*changed)->tags;
}

asio::awaitable<Result<model::TagResourceResponse>> tag(Core& core, const Call& call,
                                                        model::TagResourceRequest request) {
  if (request.tags->empty()) co_return invalid("An error occurred and the request cannot be processed.");
  TagChange change = [&](Tags& tags) {
    for (const auto& [key, value] : *request.tags) tags[key] = value;
    return check_tags(tags);
  };
  const auto changed = co_await change_tags(core, call, "TagResource", *request.resource, std::move(change));
  if (!changed) co_return std::unexpected(changed.error());
  co_return model::TagResourceResponse{};
}

asio::awaitable<Result<model::UntagResourceResponse>> untag(Core& core, const Call& call,
                                                            model::UntagResourceRequest request) {
  TagChange change = [&](Tags& tags) -> Result<void> {
    for (const std::string& key : *request.tag_keys) tags.erase(key);
    return {};
  };
  const auto changed = co_await change_tags(core, call, "UntagResource", *request.resource, std::move(change));
  if (!changed) co_return std::unexpected(changed.error());
  co_return model::UntagResourceResponse{};
}

asio::awaitable<Result<model::ListTagsResponse>> list(Core& core, const Call& call, model::ListTagsRequest request) {
  auto tags = co_await change_tags(core, call, "ListTags", *request.resource, {});
  if (!tags) co_return std::unexpected(std::move(tags).error());
  co_return model::ListTagsResponse{*std::move(tags)};
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
