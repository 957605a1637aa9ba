// Topics and their subscriptions in memory.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "cloud/shards.h"
#include "cloud/turns.h"
#include "pattern/matcher.h"
#include "services/sns/archive.h"
#include "services/sns/measures.h"
#include "services/sns/subscription.h"
#include "services/sns/topic_attributes.h"

namespace signalbox::sns {

/// The confirmed subscriptions of a topic as they were at one moment: immutable, for publishers on any thread. In the
/// order of their endpoints.
class Audience {
 public:
  explicit Audience(std::vector<SubscriptionPtr> confirmed);

  const std::vector<SubscriptionPtr>& all() const { return all_; }
  /// Those that take every message.
  const std::vector<const Subscription*>& unfiltered() const { return unfiltered_; }
  /// Those that look at attributes, or at bodies. Null for none.
  const pattern::Matcher* by_attributes() const { return by_attributes_.get(); }
  const pattern::Matcher* by_body() const { return by_body_.get(); }
  /// Whom the matchers' rules stand for.
  const Subscription* of(pattern::RuleId rule) const { return all_[rule].get(); }

 private:
  std::vector<SubscriptionPtr> all_;
  std::vector<const Subscription*> unfiltered_;
  std::shared_ptr<const pattern::Matcher> by_attributes_;
  std::shared_ptr<const pattern::Matcher> by_body_;
};

/// What a topic is now.
struct TopicState {
  TopicRecord record;
  TopicSettings settings;
};

class Topic {
 public:
  Topic(TopicId topic, cloud::Shard& shard) : id(std::move(topic)), arn(id.arn()), owner(shard) {}

  const TopicId id;
  const std::string arn;
  cloud::Shard& owner;
  /// On the owner's thread: who changes the topic or its subscriptions takes a turn, and so do publishers to FIFO
  /// topics.
  cloud::Turns turns;

  // Any thread.
  std::shared_ptr<const TopicState> state() const;
  void set_state(std::shared_ptr<const TopicState> state);
  bool gone() const;
  void set_gone();

  SubscriptionPtr find(const std::string& id) const;
  /// The one of that protocol and endpoint; null for none.
  SubscriptionPtr find(const std::string& protocol, const std::string& endpoint) const;
  /// The one that the token confirms, or has confirmed; null for none.
  SubscriptionPtr find_token(const std::string& token) const;
  void put(const SubscriptionPtr& subscription);
  void erase(const std::string& id);
  /// In the order of their ids, those behind `after`.
  std::vector<SubscriptionPtr> list(const std::string& after, std::size_t most) const;
  struct Counts {
    std::size_t confirmed = 0;
    std::size_t pending = 0;
    std::size_t filters = 0;
  };
  Counts counts() const;
  /// Made anew after changes, by the next who asks.
  std::shared_ptr<const Audience> audience() const;

  /// CloudWatch's metrics of the topic. Any thread.
  TopicMeasures& measures(cloud::Measures& all) const;

  // FIFO topics, in turn.
  std::map<std::string, Sent, std::less<>> sent;  // by deduplication id
  std::deque<std::pair<Time, std::string>> expiry;
  std::uint64_t last_sequence = 0;
  std::map<std::string, Replay, std::less<>> replays;  // by subscription
  Time archive_swept{};

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const TopicState> state_;
  bool gone_ = false;
  std::map<std::string, SubscriptionPtr> subscriptions_;
  std::map<std::pair<std::string, std::string>, std::string> by_endpoint_;
  std::map<std::string, std::string> by_token_;
  Counts counts_;
  mutable std::shared_ptr<const Audience> audience_;
  mutable std::unique_ptr<TopicMeasures> measures_;
};
using TopicPtr = std::shared_ptr<Topic>;

/// All topics. Any thread.
class Topics {
 public:
  explicit Topics(cloud::Shards& shards) : shards_(shards) {}

  /// Null when there is none.
  TopicPtr find(const TopicId& id) const;
  TopicPtr find_arn(std::string_view arn) const;
  /// Finds or makes it; one that was just made has no state yet.
  TopicPtr make(const TopicId& id);
  void erase(const TopicId& id);
  /// In the order of their names, those from `from` on (or behind it), of one account and Region.
  std::vector<TopicPtr> list(const cloud::Scope& scope, const std::string& from, bool behind, std::size_t most) const;
  std::size_t count(const cloud::Scope& scope) const;

 private:
  cloud::Shards& shards_;
  mutable std::shared_mutex mutex_;
  std::map<TopicId, TopicPtr> topics_;
  std::map<cloud::Scope, std::size_t> counts_;
};

}  // namespace signalbox::sns
