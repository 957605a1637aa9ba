#include "cloud/tags.h"
#include "services/cloudtrail/tags.h"
#include "services/cloudtrail/trail_lookup.h"

namespace signalbox::cloudtrail {
namespace {

namespace m = models::cloudtrail;
using cloud::Call;

constexpr std::size_t kMaxListed = 20;

/// Tags are of trails only, named by ARN.
Result<TrailPtr> tagged(const Core& core, const Call& call, const std::optional<std::string>& arn) {
  if (!arn || !arn->starts_with("arn:")) {
    return fail("CloudTrailARNInvalidException", "The ARN " + arn.value_or("") + " is not a trail's.");
  }
  if (arn->find(":trail/") == std::string::npos) {
    return fail("ResourceTypeNotSupportedException", "Signalbox supports tags of trails only.");
  }
  Result<TrailPtr> trail = find_trail_at_home(core, call, *arn);
  if (!trail && trail.error().code == "TrailNotFoundException") {
    return fail("ResourceNotFoundException", trail.error().message);
  }
  return trail;
}

/// Changes the tags by `change`, alone.
template <class Change>
asio::awaitable<Result<void>> change_tags(Core& core, const Call& call, const std::optional<std::string>& arn,
                                          Change change) {
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const Result<TrailPtr> found = tagged(core, call, arn);
    if (!found) co_return std::unexpected(found.error());
    Trail trail = **found;
    Result<void> changed = change(trail.tags);
    if (!changed) co_return changed;
    changed = co_await save(core, std::move(trail));
    co_return changed;
  };
  co_return co_await alone(core, std::ref(work));
}

asio::awaitable<Result<m::AddTagsResponse>> add(Core& core, const Call& call, m::AddTagsRequest request) {
  auto change = [&](auto& tags) { return add_tags(tags, *request.tags_list); };
  Result<void> done = co_await change_tags(core, call, request.resource_id, std::ref(change));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::AddTagsResponse{};
}

asio::awaitable<Result<m::RemoveTagsResponse>> remove(Core& core, const Call& call, m::RemoveTagsRequest request) {
  auto change = [&](auto& tags) -> Result<void> {
    for (const m::Tag& tag : *request.tags_list) tags.erase(tag.key.value_or(""));
    return {};
  };
  Result<void> done = co_await change_tags(core, call, request.resource_id, std::ref(change));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::RemoveTagsResponse{};
}

asio::awaitable<Result<m::ListTagsResponse>> list(Core& core, const Call& call, m::ListTagsRequest request) {
  if (request.next_token) co_return fail("InvalidTokenException", "The NextToken is not valid.");
  m::ListTagsResponse response;
  auto& shown = response.resource_tag_list.emplace();
  if (request.resource_id_list->size() > kMaxListed) {
    co_return fail("InvalidParameterException", "ResourceIdList can have at most 20 ARNs.");
  }
  for (const std::string& arn : *request.resource_id_list) {
    const Result<TrailPtr> trail = tagged(core, call, arn);
    if (!trail) co_return std::unexpected(trail.error());
    m::ResourceTag& one = shown.emplace_back();
    one.resource_id = arn;
    auto& tags = one.tags_list.emplace();
    for (const auto& [key, value] : (*trail)->tags) {
      m::Tag& tag = tags.emplace_back();
      tag.key = key;
      tag.value = value;
    }
  }
  co_return response;
}

}  // namespace

Result<void> add_tags(std::map<std::string, std::string>& tags, const std::vector<m::Tag>& given) {
  for (const m::Tag& tag : given) {
    if (cloud::is_reserved_tag(*tag.key)) {
      return fail("InvalidTagParameterException", "Tag keys must not begin with aws:.");
    }
    tags[*tag.key] = tag.value.value_or("");
  }
  if (tags.size() <= cloud::kMaxTags) return {};
  return fail("TagsLimitExceededException", "A trail can have at most " + std::to_string(cloud::kMaxTags) + " tags.");
}

void register_tag_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kAddTags,
              [&core](const Call& call, m::AddTagsRequest request) { return add(core, call, std::move(request)); });
  door.handle(m::kRemoveTags, [&core](const Call& call, m::RemoveTagsRequest request) {
    return remove(core, call, std::move(request));
  });
  door.handle(m::kListTags,
              [&core](const Call& call, m::ListTagsRequest request) { return list(core, call, std::move(request)); });
}

}  // namespace signalbox::cloudtrail
