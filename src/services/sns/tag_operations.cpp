// TagResource, UntagResource, ListTagsForResource.
#include <set>

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

asio::awaitable<Result<cloud::Tags>> change_tags(Core& core, const Call& call, std::string arn,
                                                 cloud::TagChange change) {
  const auto topic = find_tagged(core, call, arn);
  if (!topic) co_return std::unexpected(topic.error());
  if (!change) co_return (*topic)->state()->record.tags;
  cloud::Tags tags;
  const Result<void> done = co_await in_turn(*topic, [&](Topic& mine) -> asio::awaitable<Result<void>> {
    TopicRecord record = mine.state()->record;
    Result<void> changed = change(record.tags);
    if (!changed) co_return changed;
    tags = record.tags;
    Result<void> saved = co_await save(core, mine, std::move(record));
    co_return saved;
  });
  if (!done) co_return std::unexpected(done.error());
  co_return tags;
}

}  // namespace

Result<void> put_tags(Attributes& tags, const cloud::TagList& given) {
  std::set<std::string_view> keys;
  for (const auto& [key, value] : given) {
    if (key.empty() || key.size() > kMaxKey || value.size() > kMaxValue || cloud::is_reserved_tag(key)) {
      return invalid("Tags", "A key has 1 to 128 characters and does not begin with aws:, a value has up to 256");
    }
    if (!keys.insert(key).second) return invalid("Duplicated keys are not allowed.");
    tags.insert_or_assign(key, value);
  }
  if (tags.size() > cloud::kMaxTags) return too_many();
  return {};
}

void register_tag_operations(Core& core) {
  auto& door = core.house.door;
  cloud::Tagging tagging;
  tagging.change = [&core](const Call& call, std::string_view, std::string arn, cloud::TagChange change) {
    return change_tags(core, call, std::move(arn), std::move(change));
  };
  tagging.put = put_tags;
  cloud::serve_tags(door, m::kTagResource, m::kUntagResource, m::kListTagsForResource, std::move(tagging));
}

}  // namespace signalbox::sns
