#include "cloud/tags.h"
#include "models/logs.h"
#include "services/logs/core.h"

namespace signalbox::logs {
namespace {

namespace m = models::logs;
using cloud::Call;

/// The group whose ARN it is; tags of other resources are not kept.
Result<GroupPtr> tagged(const Core& core, const Call& call, const std::optional<std::string>& text) {
  const auto arn = cloud::Arn::parse(text.value_or(""));
  const auto name = arn ? group_of_arn(*arn) : std::nullopt;
  if (!name)
    return invalid("The ARN " + text.value_or("") + " is not that of a log group, and other resources have no tags.");
  GroupPtr group = arn->scope() == call.scope ? core.find(call.scope, *name) : nullptr;
  if (!group) return fail("ResourceNotFoundException", "The specified resource does not exist.");
  return group;
}

/// Stores what `change(tags)` makes of a group's tags.
template <class Change>
asio::awaitable<Result<void>> change_tags(Core& core, Result<GroupPtr> group, Change change) {
  if (!group) co_return std::unexpected(std::move(group).error());
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const auto turn = co_await (*group)->turns.take();
    if ((*group)->deleted) co_return no_such_group();
    const auto before = (*group)->record();
    GroupRecord record = *before;
    change(record.tags);
    for (const auto& [key, value] : record.tags) {
      if (cloud::is_reserved_tag(key) && !before->tags.contains(key)) co_return invalid(cloud::kReservedTagText);
    }
    if (record.tags.size() > cloud::kMaxTags) {
      co_return fail("TooManyTagsException",
                     "A log group can have no more than " + std::to_string(cloud::kMaxTags) + " tags.");
    }
    store::Batch batch;
    batch.put(group_key(record.scope, record.name), store::encode(record));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (done) (*group)->set_record(std::move(record));
    co_return done;
  };
  co_return co_await with_group(*group, std::ref(work));
}

auto adding(const std::optional<Tags>& given) {
  return [&given](Tags& tags) {
    for (const auto& [key, value] : given.value_or(Tags())) tags[key] = value;
  };
}
auto removing(const std::optional<std::vector<std::string>>& keys) {
  return [&keys](Tags& tags) {
    for (const std::string& key : keys.value_or(std::vector<std::string>())) tags.erase(key);
  };
}

template <class Response>
Result<Response> nothing_but(Result<void> done) {
  if (!done) return std::unexpected(std::move(done).error());
  return Response{};
}

template <class Response>
Result<Response> tags_of(const Result<GroupPtr>& group) {
  if (!group) return std::unexpected(group.error());
  Response response;
  response.tags = (*group)->record()->tags;
  return response;
}

}  // namespace

void register_tag_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(
      m::kTagResource,
      [&core](const Call& call, m::TagResourceRequest request) -> asio::awaitable<Result<m::TagResourceResponse>> {
        co_return nothing_but<m::TagResourceResponse>(
            co_await change_tags(core, tagged(core, call, request.resource_arn), adding(request.tags)));
      });
  door.handle(
      m::kUntagResource,
      [&core](const Call& call, m::UntagResourceRequest request) -> asio::awaitable<Result<m::UntagResourceResponse>> {
        co_return nothing_but<m::UntagResourceResponse>(
            co_await change_tags(core, tagged(core, call, request.resource_arn), removing(request.tag_keys)));
      });
  door.handle(
      m::kListTagsForResource,
      [&core](const Call& call,
              m::ListTagsForResourceRequest request) -> asio::awaitable<Result<m::ListTagsForResourceResponse>> {
        co_return tags_of<m::ListTagsForResourceResponse>(tagged(core, call, request.resource_arn));
      });
  door.handle(
      m::kTagLogGroup,
      [&core](const Call& call, m::TagLogGroupRequest request) -> asio::awaitable<Result<m::TagLogGroupResponse>> {
        co_return nothing_but<m::TagLogGroupResponse>(
            co_await change_tags(core, named_group(core, call.scope, request.log_group_name), adding(request.tags)));
      });
  door.handle(
      m::kUntagLogGroup,
      [&core](const Call& call, m::UntagLogGroupRequest request) -> asio::awaitable<Result<m::UntagLogGroupResponse>> {
        co_return nothing_but<m::UntagLogGroupResponse>(
            co_await change_tags(core, named_group(core, call.scope, request.log_group_name), removing(request.tags)));
      });
  door.handle(m::kListTagsLogGroup,
              [&core](const Call& call,
                      m::ListTagsLogGroupRequest request) -> asio::awaitable<Result<m::ListTagsLogGroupResponse>> {
                co_return tags_of<m::ListTagsLogGroupResponse>(named_group(core, call.scope, request.log_group_name));
              });
}

}  // namespace signalbox::logs
