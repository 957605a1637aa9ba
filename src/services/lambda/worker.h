// One sandbox with a runtime in it, which runs one invocation after another of one version of a function.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>

#include "services/lambda/code_store.h"
#include "services/lambda/function.h"
#include "services/lambda/log_stream.h"
#include "services/lambda/runtime_api.h"
#include "services/lambda/sandbox.h"
#include "services/lambda/signal.h"

namespace signalbox::lambda {

struct Core;

/// What a function is to run.
struct Run {
  std::string request_id;
  std::string function_arn;  // as it was invoked
  std::string payload;
  std::string client_context;  // JSON; "" for none
  std::string trace_header;
};

/// What came of it.
struct RunResult {
  /// Given back: the runtime had gone before it could be handed over, so that another worker may run it.
  std::optional<Run> not_handed;
  std::string payload;
  std::string error;  // "" or "Unhandled"
  std::string log_tail;
  std::chrono::microseconds duration{0};
};

/// A run that a worker has, and how far it got.
struct CurrentRun {
  Run run;
  bool handed = false;
  bool may_go_back = false;  // to be run by another, while it is not handed over
  std::optional<RuntimeReport> report;
  Moment reported{};
  Moment began{};
  Moment deadline{};
};

/// On its shard's thread only.
class Worker final : public RuntimeHost, public std::enable_shared_from_this<Worker> {
 public:
  Worker(Core& core, cloud::Shard& shard, const FunctionName& function, VersionPtr version);
  ~Worker() override;

  /// Makes the sandbox; the runtime is starting then. Errors: ServiceException; StoreError.
  asio::awaitable<Result<void>> start();

  /// Waits until the runtime has started, has it run this, and waits for its answer; no longer than the function's
  /// timeout. One at a time, and another one only when it is free.
  asio::awaitable<RunResult> run(Run run);

  bool is_alive() const { return process_ > 0 && !ended_; }
  /// Whether it can run another: its runtime has asked for it.
  bool is_free() const { return is_alive() && asker_ != nullptr; }
  /// Returns when it is free, or gone: what does not ask by the end of the last invocation's time is ended.
  asio::awaitable<void> until_free();
  /// Ends all that is in the sandbox.
  void end();
  /// As end(), when the loops have stopped: returns when the sandbox is gone.
  void end_at_stop();
  /// For workers without work: stops all in the sandbox until the next run, as AWS does.
  void hold();
  bool is_held() const { return held_; }
  /// For workers without work: ends it where what it has is too much.
  void check_use();

  const VersionPtr& version() const { return version_; }
  /// Whether its credentials are about to be too old for another invocation.
  bool is_old() const { return std::chrono::steady_clock::now() - spawned_ > kLongestLife; }
  Moment idle_since{};

  asio::awaitable<std::optional<RuntimeEvent>> next(std::function<bool()> is_open) override;
  bool report(RuntimeReport report) override;

  /// Half of what credentials are good for.
  static constexpr std::chrono::hours kLongestLife{6};

 private:
  struct Streams;
  Result<std::vector<std::string>> environment() const;
  asio::awaitable<void> read_output(std::shared_ptr<Worker> self);
  asio::awaitable<void> wait_for_end(std::shared_ptr<Worker> self);
  asio::awaitable<void> read_told(std::shared_ptr<Worker> self);
  asio::awaitable<bool> awake();
  void take_output();
  asio::awaitable<bool> started();
  asio::awaitable<void> wait_for_report();
  asio::awaitable<void> wait_for_asker(Moment until);
  void wake_asker();
  void begin_log();
  RunResult conclude();
  RunResult failed(std::string_view type, const std::string& message);
  void finish(RunResult& result);
  /// Ends it where it uses too much.
  asio::awaitable<void> look_at_use(std::shared_ptr<Worker> self);
  /// The same, and once more where it seems to use too much.
  asio::awaitable<void> look_twice(std::shared_ptr<Worker> self);
  /// The same where it was not looked at shortly before.
  asio::awaitable<void> look_again();

  Core& core_;
  cloud::Shard& shard_;
  const FunctionName function_;
  const VersionPtr version_;
  const std::shared_ptr<LogStream> log_;
  pid_t process_ = -1;
  std::shared_ptr<SandboxProcess> sandbox_;  // of that process
  bool ended_ = false;                       // killed, or gone by itself
  bool held_ = false;                        // stopped until the next run
  int asked_ = 0;                            // of init, that it has not done yet
  CodeFolderPtr code_;                       // what it runs, and its layers
  CodeFolderPtr layers_;
  bool too_much_ = false;  // ended for using too much
  std::string exit_;       // what became of the process
  std::optional<RuntimeReport> init_error_;
  Signal* asker_ = nullptr;  // of the request for the next invocation that waits; null for none
  Moment last_deadline_{};   // of the last invocation
  bool ready_ = false;       // it has asked for its first invocation
  std::int64_t most_memory_ = 0;
  int times_over_ = 0;  // in a row that it was found to use too much
  std::uint64_t looks_ = 0;
  Moment next_look_{};
  Moment spawned_{};
  std::optional<std::chrono::microseconds> init_;  // until the first invocation has told of it
  std::optional<CurrentRun> current_;
  Signal change_;  // something for run()
  std::unique_ptr<Streams> streams_;
};
using WorkerPtr = std::shared_ptr<Worker>;

}  // namespace signalbox::lambda
