// Event buses in memory: what the shard that owns a bus changes, and what everyone may read.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cloud/shards.h"
#include "cloud/turns.h"
#include "services/events/records.h"
#include "services/events/rule.h"
#include "services/events/rule_index.h"

namespace signalbox::policy {
class Document;
}

namespace signalbox::events {

namespace asio = boost::asio;

/// A value that one thread replaces and any thread reads.
template <class T>
class Published {
 public:
  std::shared_ptr<const T> get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  void set(std::shared_ptr<const T> value) {
    const std::lock_guard lock(mutex_);
    value_.swap(value);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

/// A rule whose schedule came due, at `first` for the first time.
struct DueRule {
  std::string name;
  Time first;
};

class Bus {
 public:
  Bus(BusId id, cloud::Shard& shard) : id_(std::move(id)), arn_(id_.arn()), shard_(shard) {}

  const BusId& id() const { return id_; }
  const std::string& arn() const { return arn_; }
  cloud::Shard& shard() { return shard_; }
  cloud::Turns& turns() { return turns_; }

  /// Any thread. Null while the bus does not exist: its object is there a little before and after.
  std::shared_ptr<const BusRecord> record() const { return record_.get(); }
  /// Any thread. The record's policy, compiled; null while there is none, or one from before policies were checked:
  /// that one allows nothing.
  std::shared_ptr<const policy::Document> policy() const { return policy_.get(); }
  /// Any thread. Null when the bus has no rules.
  std::shared_ptr<const RuleIndex> index() const { return index_.get(); }

  // The rest on the bus's shard only; changes are made after their commit.
  void set_record(BusRecord record);
  void remove();

  const std::map<std::string, RulePtr, std::less<>>& rules() const { return rules_; }
  /// Null when there is no such rule.
  RulePtr find_rule(std::string_view name) const;
  /// Errors: ResourceNotFoundException.
  Result<RulePtr> need_rule(std::string_view name) const;
  void put_rule(const RulePtr& rule);
  void erase_rule(std::string_view name);
  /// While a bus is loaded rules are put without publishing; one publish ends it.
  void load_rule(const RulePtr& rule);
  /// What wakes a rule that has a schedule; each rule has one alarm at most.
  void set_alarm(const std::string& rule, Time due, std::function<void()> fire);
  void clear_alarm(std::string_view rule);
  /// True for the first: the others wait with it to be taken.
  bool add_due(DueRule due) {
    due_.push_back(std::move(due));
    return due_.size() == 1;
  }
  std::vector<DueRule> take_due() { return std::exchange(due_, {}); }
  void publish() { index_.set(rules_.empty() && archives_.empty() ? nullptr : builder_.index()); }

  /// What archives have in the index (archives/archives.h), by a name that is no rule's.
  void load_archive(const RulePtr& archive);
  void put_archive(const RulePtr& archive);
  void erase_archive(std::string_view name);
  bool has_archives() const { return !archives_.empty(); }

  /// Rules that this service manages, by the names that their owner sees; nobody changes them.
  const std::map<std::string, RulePtr, std::less<>>& managed_rules() const { return managed_; }
  /// As need_rule, for those who only look: managed rules, too.
  Result<RulePtr> need_any_rule(std::string_view name) const;
  /// Errors: ManagedRuleException when the rule is managed.
  Result<void> check_not_managed(std::string_view name) const;

 private:
  const BusId id_;
  const std::string arn_;
  cloud::Shard& shard_;
  cloud::Turns turns_;
  Published<BusRecord> record_;
  Published<policy::Document> policy_;
  Published<RuleIndex> index_;
  std::map<std::string, RulePtr, std::less<>> rules_;
  std::map<std::string, RulePtr, std::less<>> archives_;
  std::map<std::string, RulePtr, std::less<>> managed_;
  RuleIndexBuilder builder_;
  std::map<std::string, Alarms::Handle, std::less<>> alarms_;
  std::vector<DueRule> due_;
};

using BusPtr = std::shared_ptr<Bus>;

/// Every bus of every account and Region. Safe from any thread.
class Buses {
 public:
  explicit Buses(cloud::Shards& shards) : shards_(shards) {}

  /// Null when there is no object of that bus.
  BusPtr find(const BusId& id) const;
  /// The bus's object, which is made where there is none; a default bus exists from then on.
  BusPtr make(const BusId& id);
  /// Errors: ResourceNotFoundException. A default bus always exists.
  Result<BusPtr> need(const BusId& id);
  /// Forgets the object of a bus that was deleted.
  void forget(const Bus& bus);
  /// The account's buses in the Region that exist, by name; the default bus among them.
  std::vector<BusPtr> list(const cloud::Scope& scope);

 private:
  cloud::Shards& shards_;
  mutable std::shared_mutex mutex_;
  std::map<BusId, BusPtr> buses_;
};

/// Errors as AWS words them.
std::unexpected<Error> no_such_bus(std::string_view name);
std::unexpected<Error> limit_exceeded();

/// Runs the coroutine `work()` on the bus's shard, alone: no other change of the bus is under way.
template <class Work>
auto in_turn(BusPtr bus, Work work) -> std::invoke_result_t<Work&> {
  auto alone = [&]() -> std::invoke_result_t<Work&> {
    const auto turn = co_await bus->turns().take();
    co_return co_await work();
  };
  co_return co_await cloud::on(bus->shard(), std::ref(alone));
}

/// Runs the plain function `read()` on the bus's shard.
template <class Read>
auto on_shard(BusPtr bus, Read read) -> asio::awaitable<std::invoke_result_t<Read&>> {
  auto reading = [&]() -> asio::awaitable<std::invoke_result_t<Read&>> { co_return read(); };
  co_return co_await cloud::on(bus->shard(), std::ref(reading));
}

}  // namespace signalbox::events
