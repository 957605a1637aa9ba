#include "services/pipes/pipes.h"

#include <mutex>

#include "services/pipes/access.h"
#include "services/pipes/core.h"

namespace signalbox::pipes {
namespace {

std::unexpected<Error> broken(const std::string& name, const std::string& why) {
  return fail("StoreError", "The record of the pipe " + name + " in the store cannot be read: " + why);
}

Result<PipePtr> read_pipe(const cloud::House& house, std::string_view key, std::string_view value) {
  store::KeyReader parts(key);
  parts.text();
  PipeName name;
  for (std::string* part : {&name.scope.account, &name.scope.region, &name.name}) {
    auto text = parts.text();
    if (!text) return broken("?", "its key is broken.");
    *part = *std::move(text);
  }
  auto record = store::decode<PipeRecord>(value);
  if (!record) return broken(name.arn(), "it is broken.");
  record->request.name = name.name;
  auto config = compile_config(house, name, record->request, false);
  if (!config) return broken(name.arn(), config.error().message);
  cloud::Shard& owner = house.shards.owner(name.arn());
  auto pipe = std::make_shared<Pipe>(std::move(name), *std::move(record), owner);
  pipe->config = *std::move(config);
  return pipe;
}

}  // namespace

Figures::Figures(Metrics& metrics)
    : read(metrics.counter("signalbox_pipes_events_read_total", "Messages and records that pipes read.")),
      filtered(
          metrics.counter("signalbox_pipes_events_filtered_total", "Events that no filter of their pipe matched.")),
      delivered(metrics.counter("signalbox_pipes_events_done_total", "Events that pipes are through with.")),
      failed(metrics.counter("signalbox_pipes_events_failed_total", "Events that a target or an enrichment refused.")),
      dead_lettered(metrics.counter("signalbox_pipes_events_given_up_total", "Records that pipes gave up.")) {}

PipePtr Core::find(const PipeName& name) const {
  const std::shared_lock lock(mutex_);
  const auto found = pipes_.find(name);
  return found == pipes_.end() ? nullptr : found->second;
}

std::map<std::string, PipePtr, std::less<>> Core::pipes_of(const cloud::Scope& scope) const {
  std::map<std::string, PipePtr, std::less<>> found;
  const std::shared_lock lock(mutex_);
  for (auto at = pipes_.lower_bound({scope, ""}); at != pipes_.end() && at->first.scope == scope; ++at) {
    found[at->first.name] = at->second;
  }
  return found;
}

std::vector<PipePtr> Core::all() const {
  std::vector<PipePtr> found;
  const std::shared_lock lock(mutex_);
  for (const auto& [name, pipe] : pipes_) found.push_back(pipe);
  return found;
}

void Core::put(const PipePtr& pipe) {
  const std::unique_lock lock(mutex_);
  pipes_[pipe->name] = pipe;
}

void Core::erase(const PipeName& name) {
  const std::unique_lock lock(mutex_);
  pipes_.erase(name);
}

Pipes::Pipes(const cloud::House& house) : core_(std::make_unique<Core>(house)) {
  house.door.add_service(model::kService);
  describe_access(*core_);
  register_operations(*core_);
}

Pipes::~Pipes() = default;

Result<void> Pipes::load() {
  const store::Key all(kPipeSpace);
  Result<void> done;
  Result<void> scanned =
      core_->house.store.read()->scan(all, all.end(), [&](std::string_view key, std::string_view value) {
        auto pipe = read_pipe(core_->house, key, value);
        if (!pipe) {
          done = std::unexpected(std::move(pipe).error());
          return false;
        }
        core_->put(*pipe);
        return true;
      });
  if (!done) return done;
  if (!scanned) return scanned;
  for (const PipePtr& pipe : core_->all()) {
    pipe->owner.post([&core = *core_, pipe] { pipe->owner.spawn("pipes.start", restart(core, pipe)); });
  }
  return {};
}

void Pipes::drain() {
  for (const PipePtr& pipe : core_->all()) {
    pipe->owner.post([pipe] { pipe->active = false; });
  }
}

}  // namespace signalbox::pipes
