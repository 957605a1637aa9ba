// ListSubscriptions and ListSubscriptionsByTopic.

#include <algorithm>

#include "cloud/paging.h"
#include "models/sns.h"
#include "services/sns/core.h"
#include "services/sns/http_endpoint.h"

namespace signalbox::sns {
namespace {

namespace m = models::sns;
using cloud::Call;

constexpr const char* kPending = "PendingConfirmation";

void tell(m::Subscription& out, const Subscription& subscription) {
  out.subscription_arn = subscription.pending() ? std::string(kPending) : subscription.arn;
  out.owner = subscription.record.owner;
  out.protocol = subscription.record.protocol;
  out.endpoint = without_password(subscription.record.endpoint);
  out.topic_arn = subscription.id.topic.arn();
}

asio::awaitable<Result<m::ListSubscriptionsByTopicResponse>> list_of_topic(Core& core, const Call& call,
                                                                           m::ListSubscriptionsByTopicInput request) {
  const auto topic = find_topic(core, call, *request.topic_arn);
  if (!topic) co_return std::unexpected(topic.error());
  const std::string listing = "sns:subscriptions:" + (*topic)->arn;
  std::string after;
  if (request.next_token) {
    auto read = cloud::read_page_token(listing, *request.next_token);
    if (!read) co_return invalid("NextToken");
    after = *std::move(read);
  }
  const auto found = (*topic)->list(after, kPage + 1);
  m::ListSubscriptionsByTopicResponse response;
  auto& subscriptions = response.subscriptions.emplace();
  for (std::size_t i = 0; i < std::min(found.size(), kPage); ++i) tell(subscriptions.emplace_back(), *found[i]);
  if (found.size() > kPage) response.next_token = cloud::make_page_token(listing, found[kPage - 1]->id.id);
  co_return response;
}

/// At most `most` subscriptions of an account in a Region, behind one that a token names as "TOPIC:ID".
std::vector<SubscriptionPtr> all_behind(Core& core, const cloud::Scope& scope, const std::string& token,
                                        std::size_t most) {
  std::string topic = token.substr(0, token.find(':'));
  std::string after = token.size() > topic.size() ? token.substr(topic.size() + 1) : "";
  std::vector<SubscriptionPtr> found;
  bool behind = false;
  while (found.size() < most) {
    const auto topics = core.topics.list(scope, topic, behind, kPage);
    if (topics.empty()) break;
    for (const TopicPtr& one : topics) {
      if (found.size() == most) break;
      const auto more = one->list(one->id.name == topic ? after : "", most - found.size());
      found.insert(found.end(), more.begin(), more.end());
    }
    topic = topics.back()->id.name;
    behind = true;
  }
  return found;
}

asio::awaitable<Result<m::ListSubscriptionsResponse>> list(Core& core, const Call& call,
                                                           m::ListSubscriptionsInput request) {
  std::string token;
  if (request.next_token) {
    auto read = cloud::read_page_token("sns:subscriptions", *request.next_token);
    if (!read) co_return invalid("NextToken");
    token = *std::move(read);
  }
  const auto found = all_behind(core, call.scope, token, kPage + 1);
  m::ListSubscriptionsResponse response;
  auto& subscriptions = response.subscriptions.emplace();
  for (std::size_t i = 0; i < std::min(found.size(), kPage); ++i) tell(subscriptions.emplace_back(), *found[i]);
  if (found.size() > kPage) {
    const SubscriptionId& last = found[kPage - 1]->id;
    response.next_token = cloud::make_page_token("sns:subscriptions", last.topic.name + ":" + last.id);
  }
  co_return response;
}

}  // namespace

void register_subscription_lists(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kListSubscriptions, [&core](const Call& call, m::ListSubscriptionsInput request) {
    return list(core, call, std::move(request));
  });
  door.handle(m::kListSubscriptionsByTopic, [&core](const Call& call, m::ListSubscriptionsByTopicInput request) {
    return list_of_topic(core, call, std::move(request));
  });
}

}  // namespace signalbox::sns
