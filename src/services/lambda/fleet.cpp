#include "services/lambda/fleet.h"

#include <algorithm>

namespace signalbox::lambda {
namespace {

constexpr std::chrono::seconds kTend{1};

std::unexpected<Error> throttled() {
  return fail("TooManyRequestsException", "Rate Exceeded.", 429);
}

}  // namespace

struct Fleet::PerShard {
  explicit PerShard(cloud::Shard& of) : shard(of), wake(of.loop()) {}
  cloud::Shard& shard;
  std::map<FunctionName, Squad> squads;
  Signal wake;
  bool tending = false;
};

Fleet::Fleet(Core& core)
    : core_(core),
      started_(core.house.metrics.counter("signalbox_lambda_workers_started_total", "Sandboxes begun.")),
      throttled_(core.house.metrics.counter("signalbox_lambda_throttled_total", "Invocations beyond concurrency.")) {
  for (std::size_t i = 0; i < core.house.shards.count(); ++i) {
    shards_.push_back(std::make_unique<PerShard>(core.house.shards.at(i)));
  }
}

Fleet::~Fleet() = default;

Fleet::Squad& Fleet::squad_of(PerShard& shard, const FunctionName& name) {
  const auto [found, added] = shard.squads.try_emplace(name);
  Squad& squad = found->second;
  if (!added) return squad;
  const auto measure = [&](const char* what, std::string_view unit) {
    return core_.house.measures.make({name.scope, "AWS/Lambda", what, {{"FunctionName", name.name}}}, unit);
  };
  squad.invocations = measure("Invocations", "Count");
  squad.errors = measure("Errors", "Count");
  squad.durations = measure("Duration", "Milliseconds");
  squad.throttles = measure("Throttles", "Count");
  squad.concurrent = measure("ConcurrentExecutions", "Count");
  return squad;
}

asio::awaitable<Result<RunResult>> Fleet::run(FunctionPtr function, VersionPtr version, Run run) {
  PerShard& shard = *shards_[core_.house.shards.owner(function->name.arn()).index()];
  auto work = [&]() -> asio::awaitable<Result<RunResult>> {
    return run_here(shard, std::move(function), std::move(version), std::move(run));
  };
  co_return co_await cloud::on(shard.shard, std::ref(work));
}

Result<void> Fleet::begin(Squad& squad, const Function& function) {
  if (function.reserved) {
    if (squad.running >= static_cast<std::size_t>(*function.reserved)) return throttled();
  } else {
    const std::int32_t reserved = core_.reserved_of(function.name.scope);
    const std::lock_guard lock(mutex_);
    std::int32_t& running = unreserved_[function.name.scope];
    if (running >= core_.options.concurrency - reserved) return throttled();
    ++running;
  }
  ++squad.running;
  squad.concurrent->add(static_cast<double>(squad.running));
  return {};
}

void Fleet::end(Squad& squad, const Function& function) {
  --squad.running;
  if (function.reserved) return;
  const std::lock_guard lock(mutex_);
  --unreserved_[function.name.scope];
}

asio::awaitable<Result<RunResult>> Fleet::run_here(PerShard& shard, FunctionPtr function, VersionPtr version, Run run) {
  const FunctionName& name = function->name;
  Squad& squad = squad_of(shard, name);  // stays while anything runs
  Result<void> begun = begin(squad, *function);
  if (!begun) {
    squad.throttles->add(1);
    throttled_.add();
    co_return std::unexpected(std::move(begun).error());
  }
  squad.invocations->add(1);
  auto worker = co_await worker_for(shard, function, std::move(version));
  if (!worker) {
    end(squad, *function);
    squad.errors->add(1);
    co_return std::unexpected(std::move(worker).error());
  }
  RunResult result = co_await (*worker)->run(std::move(run));
  end(squad, *function);
  squad.errors->add(result.error.empty() ? 0 : 1);
  squad.durations->add(static_cast<double>(result.duration.count()) / 1000);
  release(shard, name, *worker);
  co_return result;
}

asio::awaitable<Result<WorkerPtr>> Fleet::worker_for(PerShard& shard, FunctionPtr function, VersionPtr version) {
  Squad& squad = squad_of(shard, function->name);
  for (std::size_t i = squad.idle.size(); i-- > 0;) {
    const WorkerPtr worker = squad.idle[i];
    if (worker->version() != version || !worker->is_alive()) continue;
    squad.idle.erase(squad.idle.begin() + static_cast<std::ptrdiff_t>(i));
    --idle_;
    co_return worker;
  }
  auto worker = std::make_shared<Worker>(core_, shard.shard, function->name, std::move(version));
  started_.add();
  squad.all.push_back(worker);
  Result<void> started = co_await worker->start();
  if (started) co_return worker;
  std::erase(squad_of(shard, function->name).all, worker);
  core_.house.log.warning("a function's sandbox cannot be made",
                          {{"function", function->name.arn()}, {"why", started.error().message}});
  co_return std::unexpected(std::move(started).error());
}

bool Fleet::is_current(const FunctionName& name, const VersionPtr& version) const {
  const FunctionPtr function = core_.find(name);
  return function && function->version(version->number) == version;
}

void Fleet::release(PerShard& shard, const FunctionName& name, const WorkerPtr& worker) {
  if (!worker->is_alive()) return;
  if (!is_current(name, worker->version()) || worker->is_old() || idle_.load() >= kMaxIdle) return worker->end();
  worker->idle_since = std::chrono::steady_clock::now();
  squad_of(shard, name).idle.push_back(worker);
  ++idle_;
  if (std::exchange(shard.tending, true)) return;
  core_.detach(shard.shard, tend(shard));
}

/// Looks after workers without work while there are any.
asio::awaitable<void> Fleet::tend(PerShard& shard) {
  for (;;) {
    co_await shard.wake.wait(std::chrono::steady_clock::now() + kTend);
    const Moment now = std::chrono::steady_clock::now();
    std::size_t left = 0;
    for (auto& [name, squad] : shard.squads) {
      std::erase_if(squad.idle, [&](const WorkerPtr& worker) {
        worker->check_use();
        const bool goes = !worker->is_alive() || now - worker->idle_since >= kIdleTime;
        if (goes) {
          worker->end();
          --idle_;
        }
        return goes;
      });
      left += squad.idle.size();
    }
    if (left > 0) continue;
    shard.tending = false;
    co_return;
  }
}

void Fleet::changed(const FunctionName& name) {
  PerShard& shard = *shards_[core_.house.shards.owner(name.arn()).index()];
  shard.shard.post([this, &shard, name] {
    const auto found = shard.squads.find(name);
    if (found == shard.squads.end()) return;
    std::erase_if(found->second.idle, [&](const WorkerPtr& worker) {
      if (is_current(name, worker->version())) return false;
      worker->end();
      --idle_;
      return true;
    });
    forget_if_empty(shard, name);
  });
}

void Fleet::ended(const FunctionName& name, const WorkerPtr& worker) {
  PerShard& shard = *shards_[core_.house.shards.owner(name.arn()).index()];
  const auto found = shard.squads.find(name);
  if (found == shard.squads.end()) return;
  idle_ -= std::erase(found->second.idle, worker);
  std::erase(found->second.all, worker);
  forget_if_empty(shard, name);
}

void Fleet::forget_if_empty(PerShard& shard, const FunctionName& name) {
  const auto found = shard.squads.find(name);
  if (found == shard.squads.end() || found->second.running > 0 || !found->second.all.empty()) return;
  shard.squads.erase(found);
}

void Fleet::stop() {
  for (const auto& shard : shards_) {
    for (auto& [name, squad] : shard->squads) {
      for (const WorkerPtr& worker : squad.all) worker->end_at_stop();
      squad.idle.clear();
    }
    shard->squads.clear();
  }
}

}  // namespace signalbox::lambda
