// TagResource, UntagResource, ListTagsForResource.

#include "cloud/reserved_tags.h"
#include "models/sns.h"
#include "services/sns/core.h"
#include "services/sns/tags.h"

namespace signalbox::sns {
namespace {

namespace m = models::sns;
using cloud::Call;

constexpr std::size_t kMaxKey = 128;
constexpr std::size_t kMaxValue = 256;

std::unexpected<Error> too_many() {
  return fail(m::errors::kTagLimitExceededException, "Could not complete request: tag quota of per resource exceeded");
}

Result<TopicPtr> find_tagged(Core& core, const Call& call, const std::string& arn) {
  const auto id = read_topic_arn(arn);
  const TopicPtr topic = id && id->scope == call.scope ? core.topics.find(*id) : nullptr;
  if (topic && topic->state()) return topic;
  return fail(m::errors::kResourceNotFoundException, "Resource does not exist");
}

template <class Response, class Change>
asio::awaitable<Result<Response>> change(Core& core, const Call& call, std::string arn, Change changes) {
  const auto topic = find_tagged(core, call, arn);
  if (!topic) co_return std::unexpected(topic.error());
  Result<void> done = co_await in_turn(*topic, [&](Topic& mine) -> asio::awaitable<Result<void>> {
    TopicRecord record = mine.state()->record;
    changes(record.tags);
    if (record.tags.size() > kMaxTags) co_return too_many();
    Result<void> saved = co_await save(core, mine, std::move(record));
    co_return saved;
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return Response{};
}

asio::awaitable<Result<m::TagResourceResponse>> tag(Core& core, const Call& call, m::TagResourceRequest request) {
  auto tags = read_tags(request.tags);
  if (!tags) co_return std::unexpected(std::move(tags).error());
  auto done = co_await change<m::TagResourceResponse>(core, call, *request.resource_arn, [&](Attributes& present) {
    for (auto& [key, value] : *tags) present[key] = value;
  });
  co_return done;
}

asio::awaitable<Result<m::UntagResourceResponse>> untag(Core& core, const Call& call, m::UntagResourceRequest request) {
  auto done = co_await change<m::UntagResourceResponse>(core, call, *request.resource_arn, [&](Attributes& present) {
    for (const std::string& key : *request.tag_keys) present.erase(key);
  });
  co_return done;
}

asio::awaitable<Result<m::ListTagsForResourceResponse>> list(Core& core, const Call& call,
                                                             m::ListTagsForResourceRequest request) {
  const auto topic = find_tagged(core, call, *request.resource_arn);
  if (!topic) co_return std::unexpected(topic.error());
  m::ListTagsForResourceResponse response;
  auto& tags = response.tags.emplace();
  for (const auto& [key, value] : (*topic)->state()->record.tags) {
    auto& one = tags.emplace_back();
    one.key = key;
    one.value = value;
  }
  co_return response;
}

}  // namespace

Result<Attributes> read_tags(const std::optional<std::vector<m::Tag>>& tags) {
  Attributes read;
  if (!tags) return read;
  for (const m::Tag& tag : *tags) {
    const std::string key = tag.key.value_or("");
    const std::string value = tag.value.value_or("");
    if (key.empty() || key.size() > kMaxKey || value.size() > kMaxValue || cloud::is_reserved_tag(key)) {
      return invalid("Tags", "A key has 1 to 128 characters and does not begin with aws:, a value has up to 256");
    }
    if (!read.emplace(key, value).second) return invalid("Duplicated keys are not allowed.");
  }
  if (read.size() > kMaxTags) return too_many();
  return read;
}

void register_tag_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kTagResource,
              [&core](const Call& call, m::TagResourceRequest request) { return tag(core, call, std::move(request)); });
  door.handle(m::kUntagResource, [&core](const Call& call, m::UntagResourceRequest request) {
    return untag(core, call, std::move(request));
  });
  door.handle(m::kListTagsForResource, [&core](const Call& call, m::ListTagsForResourceRequest request) {
    return list(core, call, std::move(request));
  });
}

}  // namespace signalbox::sns
