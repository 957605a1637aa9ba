// The alarms of every account and Region, and when they are evaluated.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cloud/services.h"
#include "cloud/turns.h"
#include "services/cloudwatch/alarm.h"

namespace signalbox::cloudwatch {

namespace asio = boost::asio;
struct Core;

/// The alarms of one account in one Region: on one shard, changed one at a time.
struct AlarmSet {
  AlarmSet(cloud::Scope of, cloud::Shard& on) : scope(std::move(of)), shard(on) {}
  const cloud::Scope scope;
  cloud::Shard& shard;
  cloud::Turns turns;
  std::map<std::string, AlarmPtr, std::less<>> alarms;
  /// Those that are to be evaluated, and when. One whose data has ended and changes nothing any more is in no hurry: it
  /// is evaluated again when data comes.
  std::map<std::string, Time, std::less<>> due;
  std::map<std::string, Time, std::less<>> evaluated;   // up to when
  std::optional<std::pair<Time, std::uint64_t>> alarm;  // of the shard's
  std::uint64_t next_history = 1;
  std::uint64_t next_edition = 1;

  AlarmPtr find(std::string_view name) const {
    const auto found = alarms.find(name);
    return found == alarms.end() ? nullptr : found->second;
  }
};

/// Finds the sets. Any thread.
class AlarmSets {
 public:
  explicit AlarmSets(cloud::Shards& shards) : shards_(shards) {}
  AlarmSet& of(const cloud::Scope& scope);
  /// Null while there is none.
  const AlarmSet* find(const cloud::Scope& scope) const;

  /// Which alarms of the set watch a metric.
  void watch(const cloud::MetricId& metric, const std::string& alarm);
  void unwatch(const cloud::MetricId& metric, const std::string& alarm);
  std::vector<std::string> watching(const cloud::MetricId& metric) const;

 private:
  cloud::Shards& shards_;
  mutable std::mutex mutex_;
  std::map<cloud::Scope, std::unique_ptr<AlarmSet>> sets_;
  std::map<cloud::MetricId, std::set<std::string, std::less<>>> watchers_;
};

/// Runs the coroutine `work()` on the set's shard, alone.
template <class Work>
auto in_turn(AlarmSet& set, Work work) -> std::invoke_result_t<Work&> {
  auto alone = [&]() -> std::invoke_result_t<Work&> {
    const auto turn = co_await set.turns.take();
    co_return co_await work();
  };
  co_return co_await cloud::on(set.shard, std::ref(alone));
}

/// How often an alarm is evaluated: each minute, each 10 seconds where its period is shorter, each hour where it looks
/// back further than a day ("Alarm evaluation").
Duration evaluation_step(const Alarm& alarm);

/// The alarm is there, or has changed: it is watched, and evaluated soon. On the set's shard, or while loading.
void begin_watching(Core& core, AlarmSet& set, const Alarm& alarm);
void end_watching(Core& core, AlarmSet& set, const Alarm& alarm);
/// To be evaluated at its next time. On the set's shard.
void wake(Core& core, AlarmSet& set, const Alarm& alarm);
/// Sets the shard's alarm for what is due first. On the set's shard, or while loading.
void arm(Core& core, AlarmSet& set);

Result<void> load_alarms(Core& core);

}  // namespace signalbox::cloudwatch
