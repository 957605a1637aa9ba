// The workers of all functions: which runs what, how many there are, when they go.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cloud/measures.h"
#include "services/lambda/core.h"
#include "services/lambda/worker.h"

namespace signalbox::lambda {

/// Every function belongs to one shard; its workers are touched there only.
class Fleet {
 public:
  explicit Fleet(Core& core);
  ~Fleet();

  /// Runs a version of a function, by a worker that is there or a new one. Any thread. Errors:
  /// TooManyRequestsException beyond the function's or the account's concurrency, ServiceException.
  asio::awaitable<Result<RunResult>> run(FunctionPtr function, VersionPtr version, Run run);

  /// A function changed or is gone: workers of versions that it has no more end when they are done. Any thread.
  void changed(const FunctionName& name);
  /// A worker has ended by itself. On its shard.
  void ended(const FunctionName& name, const WorkerPtr& worker);
  /// Says in the log, a little later and beside everything else, what confines functions here.
  void tell_confinement();
  /// That is not said any more, if it was not yet.
  void drain();
  /// When the shards have stopped.
  void stop();
  /// Where sandboxes have their memory bounded.
  const std::shared_ptr<ControlGroups>& groups() const { return groups_; }

  /// How long a worker without work is kept, and how many of them altogether (and one more for each shard): beyond
  /// these the one that has waited longest ends.
  static constexpr std::chrono::seconds kIdleTime{120};
  static constexpr std::size_t kMaxIdle = 64;

 private:
  /// What one function has, and what is measured of it.
  struct Squad {
    std::size_t running = 0;
    std::vector<WorkerPtr> idle;
    std::vector<WorkerPtr> all;
    cloud::MeasurePtr invocations, errors, durations, throttles, concurrent;
  };
  struct PerShard;
  class Running;

  Squad& squad_of(PerShard& shard, const FunctionName& name);
  asio::awaitable<Result<RunResult>> run_here(PerShard& shard, FunctionPtr function, VersionPtr version, Run run);
  asio::awaitable<Result<WorkerPtr>> worker_for(PerShard& shard, FunctionPtr function, VersionPtr version);
  asio::awaitable<void> finish(PerShard& shard, FunctionPtr function, WorkerPtr worker,
                               std::unique_ptr<Running> running);
  void release(PerShard& shard, const FunctionName& name, const WorkerPtr& worker);
  void end_longest_idle(PerShard& shard);
  bool is_current(const FunctionName& name, const VersionPtr& version) const;
  void forget_if_empty(PerShard& shard, const FunctionName& name);
  bool hold_idle(PerShard& shard);
  void look_at_idle(PerShard& shard);
  asio::awaitable<void> tend(PerShard& shard);
  Result<void> begin(Squad& squad, const Function& function);
  void end(Squad& squad, const Function& function);

  struct Telling;

  Core& core_;
  const std::shared_ptr<ControlGroups> groups_ = std::make_shared<ControlGroups>();
  std::unique_ptr<Telling> telling_;
  std::vector<std::unique_ptr<PerShard>> shards_;
  std::atomic<std::size_t> idle_{0};
  std::mutex mutex_;
  std::map<cloud::Scope, std::int32_t> unreserved_;  // that run now
  Counter& started_;
  Counter& throttled_;
};

}  // namespace signalbox::lambda
