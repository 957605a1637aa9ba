#include "services/lambda/fleet.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>

namespace signalbox::lambda {
namespace {

constexpr std::chrono::seconds kTend{1};
/// A worker without work is stopped after so long; one that is called again before goes on without that.
constexpr std::chrono::milliseconds kHoldAfter{50};
/// Not to take from the start of the server.
constexpr std::chrono::seconds kTellAfter{1};
constexpr std::int64_t kSmall = std::int64_t{16} * 1024 * 1024;
constexpr std::uint16_t kAnyPort = 9002;  // of the sandbox's own network

std::unexpected<Error> throttled(const char* reason) {
  auto details = std::make_shared<ErrorDetails>();
  details->elements.emplace_back("Reason", reason);
  return std::unexpected(Error{"TooManyRequestsException", "Rate Exceeded.", 429, std::move(details)});
}

}  // namespace

struct Fleet::PerShard {
  explicit PerShard(cloud::Shard& of) : shard(of), wake(of.loop()) {}
  cloud::Shard& shard;
  std::map<FunctionName, Squad> squads;
  Signal wake;
  bool tending = false;
  bool resting = false;  // nothing is to be stopped before the next look
};

struct Fleet::Telling {
  explicit Telling(const asio::any_io_executor& executor) : later(executor) {}
  asio::steady_timer later;
};

/// Counts as one that runs, however it ends.
class Fleet::Running {
 public:
  Running(Fleet& fleet, Squad& squad, FunctionPtr function)
      : fleet_(fleet), squad_(squad), function_(std::move(function)) {}
  ~Running() { fleet_.end(squad_, *function_); }
  Running(const Running&) = delete;

 private:
  Fleet& fleet_;
  Squad& squad_;
  const FunctionPtr function_;
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
    if (squad.running >= static_cast<std::size_t>(*function.reserved)) {
      return throttled("ReservedFunctionConcurrentInvocationLimitExceeded");
    }
  } else {
    const std::int32_t reserved = core_.reserved_of(function.name.scope);
    const std::lock_guard lock(mutex_);
    std::int32_t& running = unreserved_[function.name.scope];
    if (running >= core_.options.concurrency - reserved) {
      return throttled("ConcurrentInvocationLimitExceeded");
    }
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
  auto running = std::make_unique<Running>(*this, squad, function);
  squad.invocations->add(1);
  for (;;) {
    auto worker = co_await worker_for(shard, function, version);
    if (!worker) {
      squad.errors->add(1);
      co_return std::unexpected(std::move(worker).error());
    }
    RunResult result;
    try {
      result = co_await (*worker)->run(std::move(run));
    } catch (...) {
      (*worker)->end();
      throw;
    }
    if (result.not_handed) {  // it had ended without work: one less of those without, so this has an end
      run = *std::move(result.not_handed);
      continue;
    }
    squad.errors->add(result.error.empty() ? 0 : 1);
    squad.durations->add(static_cast<double>(result.duration.count()) / 1000);
    if ((*worker)->is_free() || !(*worker)->is_alive()) {
      running.reset();
      release(shard, name, *worker);
    } else {
      core_.detach(shard.shard, "lambda.after-answer", finish(shard, function, *worker, std::move(running)));
    }
    co_return result;
  }
}

/// What the worker does beyond its answer is of the invocation still, and counts for the function's concurrency.
asio::awaitable<void> Fleet::finish(PerShard& shard, FunctionPtr function, WorkerPtr worker,
                                    std::unique_ptr<Running> running) {
  co_await worker->until_free();
  running.reset();
  release(shard, function->name, worker);
}

asio::awaitable<Result<WorkerPtr>> Fleet::worker_for(PerShard& shard, FunctionPtr function, VersionPtr version) {
  Squad& squad = squad_of(shard, function->name);
  for (std::size_t i = squad.idle.size(); i-- > 0;) {
    const WorkerPtr worker = squad.idle[i];
    if (worker->version()->run != version->run || !worker->is_free()) continue;
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
  const VersionPtr is = function ? function->version(version->number) : nullptr;
  return is && is->run == version->run;
}

void Fleet::release(PerShard& shard, const FunctionName& name, const WorkerPtr& worker) {
  if (!worker->is_alive()) return forget_if_empty(shard, name);
  if (!is_current(name, worker->version()) || worker->is_old()) return worker->end();
  if (idle_.load() >= kMaxIdle) end_longest_idle(shard);
  worker->idle_since = std::chrono::steady_clock::now();
  squad_of(shard, name).idle.push_back(worker);
  ++idle_;
  if (std::exchange(shard.resting, false)) shard.wake.raise();
  if (std::exchange(shard.tending, true)) return;
  core_.detach(shard.shard, "lambda.idle-workers", tend(shard));
}

/// Makes room for one that has just worked, as its function is likelier to be called again.
void Fleet::end_longest_idle(PerShard& shard) {
  std::vector<WorkerPtr>* where = nullptr;  // its first one has waited longest
  for (auto& [name, squad] : shard.squads) {
    if (squad.idle.empty()) continue;
    if (where == nullptr || squad.idle.front()->idle_since < where->front()->idle_since) where = &squad.idle;
  }
  if (where == nullptr) return;  // the others are of other shards
  where->front()->end();
  where->erase(where->begin());
  --idle_;
}

/// Stops workers without work that may still do something; whether others are to be stopped soon.
bool Fleet::hold_idle(PerShard& shard) {
  const Moment until = std::chrono::steady_clock::now() - kHoldAfter;
  bool more = false;
  for (auto& [name, squad] : shard.squads) {
    for (const WorkerPtr& worker : squad.idle) {
      if (worker->idle_since <= until) worker->hold();
      more = more || !worker->is_held();
    }
  }
  return more;
}

/// Ends workers that have been without work for long, and looks at what the others have.
void Fleet::look_at_idle(PerShard& shard) {
  const Moment now = std::chrono::steady_clock::now();
  for (auto& [name, squad] : shard.squads) {
    std::erase_if(squad.idle, [&](const WorkerPtr& worker) {
      worker->check_use();
      const bool goes = !worker->is_alive() || now - worker->idle_since >= kIdleTime;
      if (!goes) return false;
      worker->end();
      --idle_;
      return true;
    });
  }
}

/// Looks after workers without work while there are any.
asio::awaitable<void> Fleet::tend(PerShard& shard) {
  Moment next_look = std::chrono::steady_clock::now() + kTend;
  const auto has_idle = [](const auto& one) { return !one.second.idle.empty(); };
  do {
    shard.resting = !hold_idle(shard);
    const Moment soon = std::chrono::steady_clock::now() + kHoldAfter;
    co_await shard.wake.wait(shard.resting ? next_look : std::min(next_look, soon));
    if (std::chrono::steady_clock::now() < next_look) continue;
    look_at_idle(shard);
    next_look = std::chrono::steady_clock::now() + kTend;
  } while (std::ranges::any_of(shard.squads, has_idle));
  shard.tending = false;
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

void Fleet::tell_confinement() {
  telling_ = std::make_unique<Telling>(core_.blocking_executor());
  telling_->later.expires_after(kTellAfter);
  telling_->later.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    SandboxPlan plan;
    plan.init = core_.code.runtime_folder() + "/init";
    plan.folders = {{core_.code.runtime_folder(), "/var/runtime"}, {core_.code.runtime_folder(), "/var/task"}};
    plan.command = {"/bin/sleep", "60"};
    plan.port = kAnyPort;
    plan.memory_bytes = plan.tmp_bytes = kSmall;
    plan.groups = groups_;
    const auto found = describe_confinement(plan);
    if (found) return core_.house.log.info("functions are confined", {{"by", *found}});
    core_.house.log.warning("functions cannot be run", {{"why", found.error().message}});
  });
}

void Fleet::drain() {
  telling_.reset();
}

void Fleet::stop() {
  for (const auto& shard : shards_) {
    for (auto& [name, squad] : shard->squads) {
      for (const WorkerPtr& worker : squad.all) worker->end_at_stop();
      squad.idle.clear();
      squad.all.clear();
    }
  }
}

}  // namespace signalbox::lambda
