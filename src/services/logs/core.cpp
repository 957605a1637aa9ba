#include "services/logs/core.h"

#include <algorithm>
#include <mutex>
#include <thread>

namespace signalbox::logs {

Figures::Figures(Metrics& metrics)
    : events(metrics.counter("signalbox_logs_events_total", "Log events taken.")),
      bytes(metrics.counter("signalbox_logs_bytes_total", "Bytes of log events taken, 26 an event included.")),
      sealed_bytes(metrics.counter("signalbox_logs_sealed_bytes_total", "Bytes of log events put into chunks.")),
      chunk_bytes(metrics.counter("signalbox_logs_chunk_bytes_total", "Bytes of the chunks, compressed.")),
      undelivered(metrics.counter("signalbox_logs_undelivered_total",
                                  "Records of subscription filters that their destinations could not take.")) {}

Core::Core(const cloud::House& with)
    : house(with), figures(with.metrics), workers(std::max(2U, std::thread::hardware_concurrency())) {}

GroupPtr Core::find(const cloud::Scope& scope, std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto groups = groups_.find(scope);
  if (groups == groups_.end()) return nullptr;
  const auto found = groups->second.find(name);
  return found == groups->second.end() ? nullptr : found->second;
}

std::vector<GroupPtr> Core::list(const cloud::Scope& scope, std::string_view prefix, std::string_view last,
                                 std::size_t most) const {
  std::vector<GroupPtr> found;
  const std::shared_lock lock(mutex_);
  const auto groups = groups_.find(scope);
  if (groups == groups_.end()) return found;
  auto at = last < prefix ? groups->second.lower_bound(prefix) : groups->second.upper_bound(last);
  for (; at != groups->second.end() && found.size() < most && at->first.starts_with(prefix); ++at) {
    found.push_back(at->second);
  }
  return found;
}

bool Core::add(const GroupPtr& group) {
  const std::unique_lock lock(mutex_);
  return groups_[group->record()->scope].emplace(group->name, group).second;
}

void Core::remove(const Group& group) {
  const std::unique_lock lock(mutex_);
  auto& groups = groups_[group.record()->scope];
  const auto found = groups.find(group.name);
  if (found != groups.end() && found->second.get() == &group) groups.erase(found);
}

std::size_t Core::count(const cloud::Scope& scope) const {
  const std::shared_lock lock(mutex_);
  const auto groups = groups_.find(scope);
  return groups == groups_.end() ? 0 : groups->second.size();
}

GroupPtr Core::make(GroupRecord record) const {
  cloud::Shard& owner = house.shards.owner(record.arn());
  return std::make_shared<Group>(std::move(record), owner, house.store);
}

std::vector<GroupPtr> Core::all() const {
  std::vector<GroupPtr> found;
  const std::shared_lock lock(mutex_);
  for (const auto& [scope, groups] : groups_) {
    for (const auto& [name, group] : groups) found.push_back(group);
  }
  return found;
}

std::unexpected<Error> no_such_group() {
  return fail("ResourceNotFoundException", "The specified log group does not exist.");
}

std::unexpected<Error> no_such_stream() {
  return fail("ResourceNotFoundException", "The specified log stream does not exist.");
}

std::unexpected<Error> invalid(std::string message) {
  return fail("InvalidParameterException", std::move(message));
}

std::unexpected<Error> not_supported(std::string_view parameter, std::string_view why) {
  return invalid(std::string(parameter) + " is not supported: " + std::string(why) + ".");
}

std::optional<std::string> group_of_arn(const cloud::Arn& arn) {
  constexpr std::string_view kKind = "log-group:";
  if (arn.service != "logs" || !arn.resource.starts_with(kKind)) return std::nullopt;
  std::string name = arn.resource.substr(kKind.size());
  if (name.ends_with(":*")) name.resize(name.size() - 2);
  if (name.empty() || name.find(':') != std::string::npos) return std::nullopt;
  return name;
}

Result<GroupPtr> named_group(const Core& core, const cloud::Scope& scope, const std::optional<std::string>& name,
                             const std::optional<std::string>& identifier) {
  if (name && identifier) return invalid("LogGroupName and LogGroupIdentifier cannot both be given.");
  if (!name && !identifier) return invalid("Either LogGroupName or LogGroupIdentifier is needed.");
  std::string wanted = name ? *name : *identifier;
  if (!name && wanted.starts_with("arn:")) {
    const auto arn = cloud::Arn::parse(wanted);
    const auto named = arn ? group_of_arn(*arn) : std::nullopt;
    if (!named) return invalid("LogGroupIdentifier " + wanted + " is not the ARN of a log group.");
    if (arn->scope() != scope) return no_such_group();
    wanted = *named;
  }
  GroupPtr group = core.find(scope, wanted);
  if (!group) return no_such_group();
  return group;
}

}  // namespace signalbox::logs
