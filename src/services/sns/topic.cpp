#include "services/sns/topic.h"

#include <algorithm>

namespace signalbox::sns {

Audience::Audience(std::vector<SubscriptionPtr> confirmed) : all_(std::move(confirmed)) {
  std::ranges::sort(all_, {}, [](const SubscriptionPtr& s) { return std::tie(s->record.endpoint, s->arn); });
  std::optional<pattern::MatcherBuilder> attributes;
  std::optional<pattern::MatcherBuilder> body;
  for (pattern::RuleId rule = 0; rule < all_.size(); ++rule) {
    const Subscription& one = *all_[rule];
    if (!one.filter) {
      unfiltered_.push_back(&one);
      continue;
    }
    auto& builder = one.scope == FilterScope::kBody ? body : attributes;
    if (!builder) builder.emplace();
    builder->put(rule, *one.filter);
  }
  if (attributes) by_attributes_ = attributes->snapshot();
  if (body) by_body_ = body->snapshot();
}

std::shared_ptr<const TopicState> Topic::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Topic::set_state(std::shared_ptr<const TopicState> state) {
  const std::lock_guard lock(mutex_);
  state_ = std::move(state);
}

bool Topic::gone() const {
  const std::lock_guard lock(mutex_);
  return gone_;
}

void Topic::set_gone() {
  const std::lock_guard lock(mutex_);
  gone_ = true;
}

SubscriptionPtr Topic::find(const std::string& subscription) const {
  const std::lock_guard lock(mutex_);
  const auto found = subscriptions_.find(subscription);
  return found == subscriptions_.end() ? nullptr : found->second;
}

SubscriptionPtr Topic::find(const std::string& protocol, const std::string& endpoint) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_endpoint_.find({protocol, endpoint});
  return found == by_endpoint_.end() ? nullptr : subscriptions_.at(found->second);
}

SubscriptionPtr Topic::find_token(const std::string& token) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_token_.find(token);
  return found == by_token_.end() ? nullptr : subscriptions_.at(found->second);
}

void Topic::put(const SubscriptionPtr& subscription) {
  erase(subscription->id.id);
  const std::lock_guard lock(mutex_);
  subscriptions_[subscription->id.id] = subscription;
  by_endpoint_[{subscription->record.protocol, subscription->record.endpoint}] = subscription->id.id;
  if (!subscription->record.token.empty()) by_token_[subscription->record.token] = subscription->id.id;
  ++(subscription->pending() ? counts_.pending : counts_.confirmed);
  if (subscription->filter) ++counts_.filters;
  audience_.reset();
}

void Topic::erase(const std::string& subscription) {
  const std::lock_guard lock(mutex_);
  const auto found = subscriptions_.find(subscription);
  if (found == subscriptions_.end()) return;
  const Subscription& old = *found->second;
  --(old.pending() ? counts_.pending : counts_.confirmed);
  if (old.filter) --counts_.filters;
  by_endpoint_.erase({old.record.protocol, old.record.endpoint});
  by_token_.erase(old.record.token);
  subscriptions_.erase(found);
  audience_.reset();
}

std::vector<SubscriptionPtr> Topic::list(const std::string& after, std::size_t most) const {
  std::vector<SubscriptionPtr> found;
  const std::lock_guard lock(mutex_);
  for (auto at = subscriptions_.upper_bound(after); at != subscriptions_.end() && found.size() < most; ++at) {
    found.push_back(at->second);
  }
  return found;
}

Topic::Counts Topic::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::shared_ptr<const Audience> Topic::audience() const {
  const std::lock_guard lock(mutex_);
  if (!audience_) {
    std::vector<SubscriptionPtr> confirmed;
    confirmed.reserve(counts_.confirmed);
    for (const auto& [key, one] : subscriptions_) {
      if (!one->pending()) confirmed.push_back(one);
    }
    audience_ = std::make_shared<const Audience>(std::move(confirmed));
  }
  return audience_;
}

TopicMeasures& Topic::measures(cloud::Measures& all) const {
  const std::lock_guard lock(mutex_);
  if (!measures_) measures_ = std::make_unique<TopicMeasures>(all, id.scope, id.name);
  return *measures_;
}

TopicPtr Topics::find(const TopicId& id) const {
  const std::shared_lock lock(mutex_);
  const auto found = topics_.find(id);
  return found == topics_.end() ? nullptr : found->second;
}

TopicPtr Topics::find_arn(std::string_view arn) const {
  const auto id = read_topic_arn(arn);
  return id ? find(*id) : nullptr;
}

TopicPtr Topics::make(const TopicId& id) {
  const std::unique_lock lock(mutex_);
  TopicPtr& topic = topics_[id];
  if (!topic) {
    topic = std::make_shared<Topic>(id, shards_.owner(id.arn()));
    ++counts_[id.scope];
  }
  return topic;
}

void Topics::erase(const TopicId& id) {
  const std::unique_lock lock(mutex_);
  if (topics_.erase(id) > 0) --counts_[id.scope];
}

std::vector<TopicPtr> Topics::list(const cloud::Scope& scope, const std::string& from, bool behind,
                                   std::size_t most) const {
  std::vector<TopicPtr> found;
  const std::shared_lock lock(mutex_);
  auto at = behind ? topics_.upper_bound({scope, from}) : topics_.lower_bound({scope, from});
  for (; at != topics_.end() && at->first.scope == scope && found.size() < most; ++at) {
    if (at->second->state()) found.push_back(at->second);
  }
  return found;
}

std::size_t Topics::count(const cloud::Scope& scope) const {
  const std::shared_lock lock(mutex_);
  const auto found = counts_.find(scope);
  return found == counts_.end() ? 0 : found->second;
}

}  // namespace signalbox::sns
