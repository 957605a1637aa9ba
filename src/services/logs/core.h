// What the parts of CloudWatch Logs share.
#pragma once

#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "cloud/services.h"
#include "cloud/workers.h"
#include "services/logs/group.h"
#include "services/logs/resource_policies.h"

namespace signalbox::logs {

namespace asio = boost::asio;

class Queries;

struct Figures {
  explicit Figures(Metrics& metrics);
  Counter& events;
  Counter& bytes;
  Counter& sealed_bytes;
  Counter& chunk_bytes;
  Counter& undelivered;
};

struct Core {
  explicit Core(const cloud::House& with);

  using Groups = std::map<std::string, GroupPtr, std::less<>>;

  // Any thread, as all of these.
  GroupPtr find(const cloud::Scope& scope, std::string_view name) const;
  /// Up to `most` groups by name that come after `last` and begin with `prefix`.
  std::vector<GroupPtr> list(const cloud::Scope& scope, std::string_view prefix, std::string_view last,
                             std::size_t most) const;
  /// False when there is one of that name.
  bool add(const GroupPtr& group);
  void remove(const Group& group);
  std::size_t count(const cloud::Scope& scope) const;
  GroupPtr make(GroupRecord record) const;
  std::vector<GroupPtr> all() const;

  const cloud::House house;
  Figures figures;
  cloud::Workers workers;
  ResourcePolicies resource_policies;
  cloud::Turns definition_turns;  // of saved queries, on shard 0

 private:
  mutable std::shared_mutex mutex_;
  std::map<cloud::Scope, Groups> groups_;
};

std::unexpected<Error> no_such_group();
std::unexpected<Error> no_such_stream();
std::unexpected<Error> invalid(std::string message);
/// A parameter that is understood and not done.
std::unexpected<Error> not_supported(std::string_view parameter, std::string_view why);

/// The group that a request names, by name or by identifier: a name, or an ARN without ":*".
/// Errors: InvalidParameterException for none or both, ResourceNotFoundException.
Result<GroupPtr> named_group(const Core& core, const cloud::Scope& scope, const std::optional<std::string>& name,
                             const std::optional<std::string>& identifier = {});
/// The name of the group that an ARN ("...:log-group:NAME", with or without ":*") is of; empty for others.
std::optional<std::string> group_of_arn(const cloud::Arn& arn);

/// Runs the coroutine `work()` on the group's shard, with the group open. Errors: ResourceNotFoundException when it was
/// deleted meanwhile.
template <class Work>
auto with_group(GroupPtr group, Work work) -> std::invoke_result_t<Work&> {
  auto opened = [&]() -> std::invoke_result_t<Work&> {
    if (group->deleted) co_return no_such_group();
    Result<void> open = group->open();
    if (!open) co_return std::unexpected(std::move(open).error());
    co_return co_await work();
  };
  co_return co_await cloud::on(group->shard, std::ref(opened));
}

/// Compresses the tail into chunks when there is enough of it. On the group's shard.
void seal_when_due(Core& core, const GroupPtr& group);
/// Sets the alarm for when the first events expire, where there is none yet. On the group's shard, or while loading.
void sweep_when_due(Core& core, const GroupPtr& group);
/// Erases what has expired, now, and everything that only deleted streams have events in. On the group's shard.
asio::awaitable<Result<void>> sweep(Core& core, GroupPtr group);

void register_group_operations(Core& core);
void register_stream_operations(Core& core);
void register_tag_operations(Core& core);
void register_put_log_events(Core& core);
void register_get_operations(Core& core);
void register_filter_operations(Core& core);
void register_subscription_operations(Core& core);
void register_query_definitions(Core& core);
void register_resource_policies(Core& core);
void register_query_operations(Core& core, Queries& queries);

}  // namespace signalbox::logs
