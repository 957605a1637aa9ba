// CreateTopic, DeleteTopic, ListTopics, GetTopicAttributes, SetTopicAttributes, GetDataProtectionPolicy.

#include "base/time_text.h"
#include "cloud/paging.h"
#include "cloud/saved_policy.h"
#include "models/sns.h"
#include "services/sns/core.h"
#include "services/sns/tags.h"

namespace signalbox::sns {
namespace {

namespace m = models::sns;
using cloud::Call;

constexpr std::size_t kMaxTopics = 100'000;

Result<TopicId> id_of(const Call& call, const std::string& name) {
  if (!is_topic_name(name)) return invalid("Topic Name");
  return TopicId{call.scope, name};
}

/// Puts a policy of the topic as it is saved in the place of what was given. Errors: InvalidParameter.
Result<void> save_policy(const Core& core, const TopicId& id, std::string& policy) {
  cloud::SavedPolicy saved = cloud::save_policy(core.house, id.scope.account, policy);
  if (saved.unknown) return invalid("Policy Error: PrincipalNotFound");
  policy = std::move(saved.text);
  return {};
}

/// Whether what is asked for is what the topic has: only what is named counts.
Result<void> check_same(const TopicRecord& record, const Attributes& attributes, const Attributes* tags) {
  for (const auto& [name, value] : attributes) {
    const auto found = record.attributes.find(name);
    const std::string_view present = found == record.attributes.end() ? default_of(name) : found->second;
    if (present == value || (value.empty() && found == record.attributes.end())) continue;
    return invalid("Attributes", "Topic already exists with different attributes");
  }
  if (tags != nullptr && *tags != record.tags) {
    return invalid("Tags", "Topic already exists with different tags");
  }
  return {};
}

asio::awaitable<Result<m::CreateTopicResponse>> create(Core& core, const Call& call, m::CreateTopicInput request) {
  if (request.data_protection_policy) co_return not_supported_yet("DataProtectionPolicy");
  const auto id = id_of(call, *request.name);
  if (!id) co_return std::unexpected(id.error());
  TopicRecord record;
  record.number = core.house.random.next();
  record.created = core.house.clock.now();
  Attributes given = request.attributes.value_or(Attributes());
  tidy(*id, given);
  if (const auto policy = given.find("Policy"); policy != given.end()) {
    Result<void> saved = save_policy(core, *id, policy->second);
    if (!saved) co_return std::unexpected(std::move(saved).error());
  }
  // An empty value stands for none.
  for (const auto& [name, value] : given) {
    if (!value.empty()) record.attributes[name] = value;
  }
  const auto settings = read_settings(*id, record.attributes);
  if (!settings) co_return std::unexpected(settings.error());
  const Result<void> tags = put_tags(record.tags, cloud::tag_list(request.tags));
  if (!tags) co_return std::unexpected(tags.error());
  if (settings->archive_days > 0) record.archived_from = record.created;
  const bool tagged = request.tags.has_value();
  if (!core.topics.find(*id) && core.topics.count(call.scope) >= kMaxTopics) {
    co_return fail(m::errors::kTopicLimitExceededException, "The number of topics has reached the limit of 100000.");
  }
  m::CreateTopicResponse response;
  response.topic_arn = id->arn();
  for (;;) {
    const TopicPtr topic = core.topics.make(*id);
    Result<void> done = co_await in_turn(topic, [&](Topic& mine) -> asio::awaitable<Result<void>> {
      if (const auto state = mine.state()) co_return check_same(state->record, given, tagged ? &record.tags : nullptr);
      Result<void> saved = co_await save(core, mine, record);
      if (saved) co_return saved;
      mine.set_gone();
      core.topics.erase(mine.id);
      co_return saved;
    });
    if (done) co_return response;
    // A topic that was deleted while this waited its turn is made anew.
    if (done.error().code != m::errors::kNotFoundException) co_return std::unexpected(std::move(done).error());
  }
}

asio::awaitable<Result<void>> erase(Core& core, Topic& topic) {
  const TopicRecord record = topic.state()->record;
  if (topic.state()->settings.archive_days > 0) {
    co_return fail(m::errors::kInvalidStateException,
                   "Invalid State: Cannot delete a topic with an ArchivePolicy. Set it to {} first.");
  }
  store::Batch batch;
  batch.erase(topic_key(topic.id));
  const store::Key subscriptions = subscriptions_key(topic.id);
  batch.erase_range(subscriptions, subscriptions.end());
  const store::Key ended = ended_keys(topic.id);
  batch.erase_range(ended, ended.end());
  if (topic.id.fifo()) {
    const store::Key sent = sent_keys(record.number);
    batch.erase_range(sent, sent.end());
    batch.erase(sequence_key(record.number));
    const store::Key replays = replay_keys(record.number);
    batch.erase_range(replays, replays.end());
  }
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (!committed) co_return committed;
  topic.set_gone();
  core.topics.erase(topic.id);
  co_return committed;
}

asio::awaitable<Result<m::DeleteTopicResponse>> remove(Core& core, const Call& call, m::DeleteTopicInput request) {
  const auto id = topic_of_request(call.scope, *request.topic_arn);
  if (!id) co_return std::unexpected(id.error());
  const TopicPtr topic = core.topics.find(*id);
  // Deleting what is not there is no error.
  if (!topic || !topic->state()) co_return m::DeleteTopicResponse{};
  Result<void> done = co_await in_turn(topic, [&](Topic& mine) { return erase(core, mine); });
  if (!done && done.error().code != m::errors::kNotFoundException) co_return std::unexpected(std::move(done).error());
  co_return m::DeleteTopicResponse{};
}

asio::awaitable<Result<m::ListTopicsResponse>> list(Core& core, const Call& call, m::ListTopicsInput request) {
  std::string after;
  if (request.next_token) {
    auto read = cloud::read_page_token("sns:topics", *request.next_token);
    if (!read) co_return invalid("NextToken");
    after = *std::move(read);
  }
  const auto found = core.topics.list(call.scope, after, true, kPage + 1);
  m::ListTopicsResponse response;
  auto& topics = response.topics.emplace();
  for (std::size_t i = 0; i < std::min(found.size(), kPage); ++i) topics.emplace_back().topic_arn = found[i]->arn;
  if (found.size() > kPage) response.next_token = cloud::make_page_token("sns:topics", found[kPage - 1]->id.name);
  co_return response;
}

asio::awaitable<Result<m::GetTopicAttributesResponse>> get(Core& core, const Call& call,
                                                           m::GetTopicAttributesInput request) {
  const auto topic = find_topic(core, call, *request.topic_arn);
  if (!topic) co_return std::unexpected(topic.error());
  const auto state = (*topic)->state();
  const Topic::Counts counts = (*topic)->counts();
  m::GetTopicAttributesResponse response;
  auto& attributes = response.attributes.emplace(state->record.attributes);
  attributes["TopicArn"] = (*topic)->arn;
  attributes["Owner"] = (*topic)->id.scope.account;
  attributes["SubscriptionsConfirmed"] = std::to_string(counts.confirmed);
  attributes["SubscriptionsPending"] = std::to_string(counts.pending);
  attributes["SubscriptionsDeleted"] = std::to_string(state->record.deleted_subscriptions);
  attributes["EffectiveDeliveryPolicy"] = topic_policy_text(state->settings.http);
  std::string& policy = attributes.try_emplace("Policy", default_policy((*topic)->id)).first->second;
  policy = cloud::shown_policy(core.house, policy);
  attributes.try_emplace("DisplayName", "");
  if ((*topic)->id.fifo()) {
    attributes.try_emplace("ContentBasedDeduplication", "false");
    if (const int days = state->settings.archive_days; days > 0) {
      const Time oldest = core.house.clock.now() - std::chrono::days(days);
      attributes["BeginningArchiveTime"] = to_iso8601_millis(std::max(oldest, state->record.archived_from));
    }
  }
  co_return response;
}

asio::awaitable<Result<m::SetTopicAttributesResponse>> set(Core& core, const Call& call,
                                                           m::SetTopicAttributesInput request) {
  const auto topic = find_topic(core, call, *request.topic_arn);
  if (!topic) co_return std::unexpected(topic.error());
  Result<void> done = co_await in_turn(*topic, [&](Topic& mine) -> asio::awaitable<Result<void>> {
    TopicRecord record = mine.state()->record;
    std::string value = request.attribute_value.value_or("");
    if (*request.attribute_name == "Policy") {
      Result<void> policy = save_policy(core, mine.id, value);
      if (!policy) co_return policy;
    }
    Result<void> changed = set_attribute(mine.id, record, *request.attribute_name, value);
    if (!changed) co_return changed;
    const bool had = mine.state()->settings.archive_days > 0;
    const bool has = record.attributes.contains("ArchivePolicy");
    if (!had && has) record.archived_from = core.house.clock.now();
    if (had && !has) {
      // Without a policy the archive is gone.
      const store::Key archive = archive_keys(record.number);
      store::Batch batch;
      batch.erase_range(archive, archive.end());
      Result<void> erased = co_await core.house.store.commit(std::move(batch));
      if (!erased) co_return erased;
    }
    Result<void> saved = co_await save(core, mine, std::move(record));
    co_return saved;
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::SetTopicAttributesResponse{};
}

/// No topic has one: none can be put.
asio::awaitable<Result<m::GetDataProtectionPolicyResponse>> data_protection(Core& core, const Call& call,
                                                                            m::GetDataProtectionPolicyInput request) {
  const auto topic = find_topic(core, call, *request.resource_arn);
  if (!topic) co_return std::unexpected(topic.error());
  m::GetDataProtectionPolicyResponse response;
  response.data_protection_policy = "";
  co_return response;
}

}  // namespace

void register_topic_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kCreateTopic, [&core](const Call& call, m::CreateTopicInput request) {
    return create(core, call, std::move(request));
  });
  door.handle(m::kDeleteTopic, [&core](const Call& call, m::DeleteTopicInput request) {
    return remove(core, call, std::move(request));
  });
  door.handle(m::kListTopics,
              [&core](const Call& call, m::ListTopicsInput request) { return list(core, call, std::move(request)); });
  door.handle(m::kGetTopicAttributes, [&core](const Call& call, m::GetTopicAttributesInput request) {
    return get(core, call, std::move(request));
  });
  door.handle(m::kGetDataProtectionPolicy, [&core](const Call& call, m::GetDataProtectionPolicyInput request) {
    return data_protection(core, call, std::move(request));
  });
  door.handle(m::kSetTopicAttributes, [&core](const Call& call, m::SetTopicAttributesInput request) {
    return set(core, call, std::move(request));
  });
}

}  // namespace signalbox::sns
