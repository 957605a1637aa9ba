#include "services/lambda/worker.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>

#include "base/time_text.h"
#include "json/json.h"
#include "services/lambda/core.h"
#include "services/lambda/fleet.h"
#include "services/lambda/rights.h"
#include "services/lambda/runtimes.h"

namespace signalbox::lambda {
namespace {

using std::chrono::duration_cast;
using std::chrono::steady_clock;

/// How often a sandbox that works is looked at for memory and processes.
constexpr std::chrono::milliseconds kLook{50};
/// Where a control group counts memory, everything else is counted with each so many looks.
constexpr std::uint64_t kLooksPerCount = 10;
/// Looking takes at most a fifth of the time, however much there is to count.
constexpr int kRestOfLook = 4;
/// "The init phase ... is limited to 10 seconds".
constexpr std::chrono::seconds kInitTimeout{10};
/// An answer waits so long for its runtime to ask for more, as most do at once: who calls again when it has it then
/// finds this worker free. Those that go on working in the background, or end, take longer.
constexpr std::chrono::milliseconds kGrace{50};
/// What was stopped goes on within microseconds; one that does not for so long is given up.
constexpr std::chrono::seconds kAwakeWithin{2};
/// Of the sandbox itself; beyond these the bound of processes does not hold, as where the server stays root.
constexpr std::int64_t kOurTasks = 16;
constexpr std::int64_t kMegabyte = std::int64_t{1024} * 1024;
/// What a control group gives beside the function's own: for the sandbox's first programs and the kernel.
constexpr std::int64_t kOurMemory = 64 * kMegabyte;
constexpr std::size_t kReadBlock = std::size_t{64} * 1024;

std::string milliseconds_text(std::chrono::microseconds took) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.2f", static_cast<double>(took.count()) / 1000);
  return text;
}

std::string error_payload(std::string_view type, std::string_view message) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("errorType");
  writer.string(type);
  writer.key("errorMessage");
  writer.string(message);
  writer.end_object();
  return out;
}

std::string log_group_of(const FunctionName& function, const Version& version) {
  const auto& logging = version.config.logging_config;
  return logging && logging->log_group ? *logging->log_group : "/aws/lambda/" + function.name;
}

/// "2026/11/25/[$LATEST]" and 32 digits.
std::string log_stream_of(const Version& version, const cloud::House& house) {
  std::string name = to_iso8601(house.clock.now()).substr(0, 10);
  std::ranges::replace(name, '-', '/');
  std::string id = house.random.uuid();
  std::erase(id, '-');
  return name + "/[" + version.number + "]" + id;
}

/// A bound on AWS's side, in real time: what functions count by.
std::int64_t real_millis() {
  return duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

struct Worker::Streams {
  explicit Streams(asio::io_context& loop) : output(loop), exited(loop), told(loop) {}
  asio::posix::basic_stream_descriptor<asio::io_context::executor_type> output;
  asio::posix::basic_stream_descriptor<asio::io_context::executor_type> exited;
  asio::posix::basic_stream_descriptor<asio::io_context::executor_type> told;
  std::shared_ptr<void> runtime_api;
  std::shared_ptr<void> server;
};

Worker::Worker(Core& core, cloud::Shard& shard, const FunctionName& function, VersionPtr version)
    : core_(core),
      shard_(shard),
      function_(function),
      version_(std::move(version)),
      log_(std::make_shared<LogStream>(core.house, shard, function.scope,
                                       role_of(function, version_->config.role.value_or("")),
                                       log_group_of(function, *version_), log_stream_of(*version_, core.house))),
      change_(shard.loop()),
      streams_(std::make_unique<Streams>(shard.loop())) {}

Worker::~Worker() {
  if (process_ > 0) sandbox_->kill();
}

Result<std::vector<std::string>> Worker::environment() const {
  const model::FunctionConfiguration& config = version_->config;
  const cloud::Scope& scope = function_.scope;
  std::vector<std::string> out = {
      "PATH=/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin",
      "LD_LIBRARY_PATH=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
      "LANG=en_US.UTF-8",
      "TZ=:UTC",
      "HOME=/tmp",
      "SHLVL=0",
      "AWS_XRAY_CONTEXT_MISSING=LOG_ERROR",
      "AWS_XRAY_DAEMON_ADDRESS=127.0.0.1:2000",
      "LAMBDA_TASK_ROOT=/var/task",
      "LAMBDA_RUNTIME_DIR=/var/runtime",
      "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001",
      "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
      "AWS_EXECUTION_ENV=AWS_Lambda_" + config.runtime.value_or(""),
      "_HANDLER=" + config.handler.value_or(""),
      "AWS_LAMBDA_FUNCTION_NAME=" + function_.name,
      "AWS_LAMBDA_FUNCTION_VERSION=" + version_->number,
      "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + std::to_string(*config.memory_size),
      "AWS_LAMBDA_LOG_GROUP_NAME=" + log_->group(),
      "AWS_LAMBDA_LOG_STREAM_NAME=" + log_->stream(),
      "AWS_REGION=" + scope.region,
      "AWS_DEFAULT_REGION=" + scope.region,
      "AWS_ENDPOINT_URL=http://127.0.0.1:" + std::to_string(core_.options.port()),
  };
  auto credentials = core_.credentials_for(function_, *version_);
  if (!credentials) return credentials;
  for (std::string& variable : *credentials) out.push_back(std::move(variable));
  if (config.environment && config.environment->variables) {
    for (const auto& [name, value] : *config.environment->variables) out.push_back(name + "=" + value);
  }
  return out;
}

asio::awaitable<Result<void>> Worker::start() {
  auto runtime = find_runtime(version_->config.runtime.value_or(""));
  if (!runtime) co_return std::unexpected(std::move(runtime).error());
  auto variables = environment();
  if (!variables) co_return std::unexpected(std::move(variables).error());
  SandboxPlan plan;
  plan.environment = *std::move(variables);
  plan.environment.insert(plan.environment.begin(), runtime->variables.begin(), runtime->variables.end());
  plan.command = std::move(runtime->command);
  plan.init = core_.code.runtime_folder() + "/init";
  plan.folders = {{core_.code.runtime_folder(), "/var/runtime"}};
  plan.folders.insert(plan.folders.end(), runtime->folders.begin(), runtime->folders.end());
  plan.links = std::move(runtime->links);
  plan.port = core_.options.port();
  plan.tmp_bytes = version_->config.ephemeral_storage->size.value_or(512) * kMegabyte;
  plan.memory_bytes = *version_->config.memory_size * kMegabyte + std::min(plan.tmp_bytes, kFreeTmpBytes) + kOurMemory;
  plan.groups = core_.fleet->groups();
  spawned_ = steady_clock::now();
  auto sandbox = co_await core_.blocking([&]() -> Result<Sandbox> {
    auto code = core_.code.unpacked({version_->code});
    if (!code) return std::unexpected(std::move(code).error());
    code_ = *std::move(code);
    plan.folders.push_back({code_->path, "/var/task"});
    if (!version_->layers.empty()) {
      auto layers = core_.code.unpacked(version_->layers);
      if (!layers) return std::unexpected(std::move(layers).error());
      layers_ = *std::move(layers);
      plan.folders.push_back({layers_->path, "/opt"});
    }
    return start_sandbox(plan);
  });
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  sandbox_ = std::move(sandbox->process);
  process_ = sandbox_->id();
  streams_->output.assign(sandbox->output.release());
  streams_->output.native_non_blocking(true);
  streams_->exited.assign(sandbox->exited.release());
  streams_->told.assign(sandbox->told.release());
  streams_->runtime_api = serve_runtime(shard_.loop(), std::move(sandbox->runtime_api), weak_from_this());
  streams_->server = core_.options.serve(sandbox->server.release(), shard_.index());
  core_.detach(shard_, "lambda.output", read_output(shared_from_this()));
  core_.detach(shard_, "lambda.worker-end", wait_for_end(shared_from_this()));
  core_.detach(shard_, "lambda.told", read_told(shared_from_this()));
  co_return Result<void>();
}

asio::awaitable<void> Worker::read_output(std::shared_ptr<Worker> self) {
  boost::system::error_code problem;
  while (!problem) {
    co_await streams_->output.async_wait(asio::posix::descriptor_base::wait_read,
                                         asio::redirect_error(asio::use_awaitable, problem));
    if (problem) break;
    const bool more = self->process_ > 0;
    take_output();
    if (!more) break;
    if (!current_) log_->flush();
    if (!log_->is_full()) continue;
    Signal pause(shard_.loop());  // logs are slower than the function: so it is to wait
    co_await pause.wait(steady_clock::now() + kLook);
  }
}

/// Takes what is there now.
void Worker::take_output() {
  if (!streams_->output.is_open()) return;
  char block[kReadBlock];
  for (std::size_t taken = 0; taken < LogStream::kMaxWaiting;) {
    const ssize_t length = ::read(streams_->output.native_handle(), block, sizeof(block));
    if (length == 0) {
      boost::system::error_code ignored;
      streams_->output.close(ignored);
    }
    if (length <= 0) return;
    log_->add_output(std::string_view(block, static_cast<std::size_t>(length)));
    taken += static_cast<std::size_t>(length);
  }
}

asio::awaitable<void> Worker::wait_for_end(std::shared_ptr<Worker> self) {
  boost::system::error_code problem;
  co_await streams_->exited.async_wait(asio::posix::descriptor_base::wait_read,
                                       asio::redirect_error(asio::use_awaitable, problem));
  take_output();
  process_ = -1;
  exit_ = sandbox_->reap();
  sandbox_.reset();
  ended_ = true;
  wake_asker();
  change_.raise();
  boost::system::error_code ignored;
  streams_->output.close(ignored);
  streams_->exited.close(ignored);
  streams_->told.close(ignored);
  streams_->runtime_api.reset();
  streams_->server.reset();
  log_->flush();
  core_.worker_ended(function_, self);
}

void Worker::end() {
  ended_ = true;
  if (process_ > 0) sandbox_->kill();
  wake_asker();
}

void Worker::wake_asker() {
  if (asker_ != nullptr) asker_->raise();
}

void Worker::end_at_stop() {
  ended_ = true;
  if (process_ > 0) {
    process_ = -1;
    sandbox_->kill();
    sandbox_->reap();
    sandbox_.reset();
  }
  streams_.reset();
}

asio::awaitable<void> Worker::look_at_use(std::shared_ptr<Worker> self) {
  static_cast<void>(self);
  if (process_ <= 0) co_return;
  const std::shared_ptr<SandboxProcess> sandbox = sandbox_;  // it may end while it is counted
  const std::int64_t bound = *version_->config.memory_size * kMegabyte;
  const Moment begun = steady_clock::now();
  next_look_ = begun + kLook;
  // What the kernel does not count for a group, or for nobody, is looked at now and then there, too.
  const bool is_grouped = sandbox->is_grouped();
  const bool counts_all = !is_grouped || looks_++ % kLooksPerCount == 0;
  auto use = is_grouped ? sandbox->measure() : std::nullopt;
  if (counts_all) {
    const auto counted = co_await core_.blocking([&] { return sandbox->count(bound); });
    if (!is_grouped) use = counted;
    if (use && counted) use->countable = counted->countable;
  }
  if (!use || process_ <= 0) co_return;
  most_memory_ = std::max(most_memory_, std::min(use->memory_bytes, bound));
  const std::int64_t beside = std::max(std::int64_t{0}, use->tmp_bytes - kFreeTmpBytes);
  const bool is_over = use->memory_bytes + beside > bound || use->tasks > kMaxTasks + kOurTasks || !use->countable;
  times_over_ = is_over ? times_over_ + 1 : 0;
  if (!is_over) next_look_ = std::max(next_look_, steady_clock::now() + kRestOfLook * (steady_clock::now() - begun));
  // Counted one by one, a process that is just being made counts with its maker's memory once more; and what is read of
  // processes that come and go may be another's.
  if (!is_over || times_over_ < 2) co_return;
  most_memory_ = std::max(most_memory_, use->memory_bytes);
  too_much_ = true;
  end();
}

void Worker::hold() {
  if (!is_free() || held_) return;
  held_ = true;
  ++asked_;
  sandbox_->hold();
}

asio::awaitable<void> Worker::read_told(std::shared_ptr<Worker> self) {
  boost::system::error_code problem;
  while (self->process_ > 0) {
    co_await streams_->told.async_wait(asio::posix::descriptor_base::wait_read,
                                       asio::redirect_error(asio::use_awaitable, problem));
    if (problem || process_ <= 0 || !sandbox_->take_done()) co_return;  // it has ended
    --asked_;
    change_.raise();
  }
}

/// Has what was stopped go on. False when it does not.
asio::awaitable<bool> Worker::awake() {
  if (!std::exchange(held_, false)) co_return true;
  if (process_ > 0) {
    ++asked_;
    sandbox_->let_go();
  }
  const Moment until = steady_clock::now() + kAwakeWithin;
  while (asked_ > 0 && is_alive() && steady_clock::now() < until) co_await change_.wait(until);
  co_return asked_ == 0 && is_alive();
}

asio::awaitable<void> Worker::look_again() {
  if (steady_clock::now() >= next_look_) co_await look_at_use(shared_from_this());
}

void Worker::check_use() {
  core_.detach(shard_, "lambda.look", look_twice(shared_from_this()));
}

asio::awaitable<void> Worker::look_twice(std::shared_ptr<Worker> self) {
  co_await look_at_use(self);
  if (times_over_ == 0 || ended_) co_return;
  Signal pause(shard_.loop());
  co_await pause.wait(steady_clock::now() + kLook);
  co_await look_at_use(self);
}

asio::awaitable<std::optional<RuntimeEvent>> Worker::next(std::function<bool()> is_open) {
  // A runtime runs one invocation at a time: who asks again, on another connection, takes the place.
  Signal here(shard_.loop());
  wake_asker();
  asker_ = &here;
  if (!ready_) {
    ready_ = true;
    init_ = duration_cast<std::chrono::microseconds>(steady_clock::now() - spawned_);
  }
  change_.raise();
  while (!ended_ && asker_ == &here && (!current_ || current_->handed)) {
    co_await here.wait(steady_clock::now() + std::chrono::hours(1));
  }
  if (asker_ != &here) co_return std::nullopt;
  asker_ = nullptr;
  if (ended_ || !is_open()) co_return std::nullopt;
  current_->handed = true;
  if (current_->may_go_back) begin_log();
  const Run& run = current_->run;
  const auto left = duration_cast<std::chrono::milliseconds>(current_->deadline - steady_clock::now());
  RuntimeEvent event;
  event.headers = {{"Lambda-Runtime-Aws-Request-Id", run.request_id},
                   {"Lambda-Runtime-Deadline-Ms", std::to_string(real_millis() + left.count())},
                   {"Lambda-Runtime-Invoked-Function-Arn", run.function_arn}};
  if (!run.trace_header.empty()) event.headers.emplace_back("Lambda-Runtime-Trace-Id", run.trace_header);
  if (!run.client_context.empty()) event.headers.emplace_back("Lambda-Runtime-Client-Context", run.client_context);
  event.payload = std::move(current_->run.payload);
  co_return event;
}

bool Worker::report(RuntimeReport report) {
  if (report.kind == RuntimeReport::Kind::kInitError) {
    if (ready_) return false;
    init_error_ = std::move(report);
    change_.raise();
    return true;
  }
  if (!current_ || !current_->handed || current_->report || current_->run.request_id != report.request_id) return false;
  current_->report = std::move(report);
  current_->reported = steady_clock::now();
  change_.raise();
  return true;
}

/// Waits for the runtime to ask for its first invocation; false when it does not.
asio::awaitable<bool> Worker::started() {
  const Moment until = spawned_ + kInitTimeout;
  while (!ready_ && !init_error_ && !ended_ && steady_clock::now() < until) {
    co_await change_.wait(std::min(until, steady_clock::now() + kLook));
    co_await look_again();
  }
  co_return ready_ && !ended_;
}

asio::awaitable<void> Worker::wait_for_report() {
  while (!current_->report && process_ > 0) {
    const Moment now = steady_clock::now();
    if (now >= current_->deadline || (ended_ && !too_much_)) co_return;
    co_await change_.wait(std::min(current_->deadline, now + kLook));
    co_await look_again();
  }
}

asio::awaitable<void> Worker::wait_for_asker(Moment until) {
  while (is_alive() && asker_ == nullptr && steady_clock::now() < until) {
    co_await change_.wait(std::min(until, steady_clock::now() + kLook));
    co_await look_again();
  }
}

asio::awaitable<void> Worker::until_free() {
  co_await wait_for_asker(last_deadline_);
  if (is_alive() && !is_free()) end();
}

void Worker::begin_log() {
  log_->begin();
  log_->add_line("START RequestId: " + current_->run.request_id + " Version: " + version_->number);
}

asio::awaitable<RunResult> Worker::run(Run run) {
  const std::chrono::seconds timeout(*version_->config.timeout);
  if (const bool good = co_await awake(); !good) {
    RunResult back;
    back.not_handed = std::move(run);
    end();
    co_return back;
  }
  current_.emplace();
  current_->run = std::move(run);
  current_->may_go_back = ready_;
  if (!ready_) begin_log();
  current_->handed = true;  // not to be handed out before its time begins
  const bool ready = co_await started();
  current_->began = steady_clock::now();
  if (ready) {
    current_->deadline = last_deadline_ = current_->began + timeout;
    current_->handed = false;
    wake_asker();
    co_await wait_for_report();
  }
  if (current_->may_go_back && !current_->handed) {
    RunResult back;
    back.not_handed = std::move(current_->run);
    current_.reset();
    end();
    co_return back;
  }
  if (current_->report) co_await wait_for_asker(std::min(current_->deadline, steady_clock::now() + kGrace));
  co_await look_at_use(shared_from_this());
  co_return conclude();
}

RunResult Worker::failed(std::string_view type, const std::string& message) {
  RunResult result;
  const std::string text = "RequestId: " + current_->run.request_id + " Error: " + message;
  result.payload = error_payload(type, text);
  result.error = "Unhandled";
  log_->add_line(text);
  end();
  return result;
}

RunResult Worker::conclude() {
  const Moment now = steady_clock::now();
  take_output();
  RunResult result;
  std::optional<RuntimeReport>& report = current_->report ? current_->report : init_error_;
  if (report && report->too_large) {
    result = failed("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (" +
                                                         std::to_string(kMaxResponse) + " bytes).");
  } else if (report) {
    result.payload = std::move(report->body);
    if (report->kind != RuntimeReport::Kind::kResponse) result.error = "Unhandled";
    if (init_error_) end();
  } else if (too_much_) {
    result = failed("Runtime.ExitError", "Runtime exited with error: signal: killed");
  } else if (process_ <= 0) {
    result = failed("Runtime.ExitError", exit_.empty() ? "Runtime exited without providing a reason"
                                                       : "Runtime exited with error: " + exit_);
  } else {
    const auto bound = ready_ ? std::chrono::seconds(*version_->config.timeout) : kInitTimeout;
    result = failed("Sandbox.Timedout",
                    "Task timed out after " + milliseconds_text(std::chrono::milliseconds(bound.count())) + " seconds");
  }
  const Moment then = current_->report ? current_->reported : now;
  result.duration = duration_cast<std::chrono::microseconds>(then - current_->began);
  finish(result);
  return result;
}

void Worker::finish(RunResult& result) {
  const std::string& id = current_->run.request_id;
  log_->add_line("END RequestId: " + id);
  const auto billed =
      std::chrono::ceil<std::chrono::milliseconds>(result.duration + init_.value_or(std::chrono::microseconds(0)));
  std::string report = "REPORT RequestId: " + id + "\tDuration: " + milliseconds_text(result.duration) +
                       " ms\tBilled Duration: " + std::to_string(billed.count()) +
                       " ms\tMemory Size: " + std::to_string(*version_->config.memory_size) +
                       " MB\tMax Memory Used: " + std::to_string((most_memory_ + kMegabyte - 1) / kMegabyte) + " MB\t";
  if (init_) report += "Init Duration: " + milliseconds_text(*init_) + " ms\t";
  init_.reset();
  log_->add_line(std::move(report));
  result.log_tail = log_->tail();
  log_->flush();
  current_.reset();
}

}  // namespace signalbox::lambda
