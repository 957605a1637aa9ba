// A pipe as it runs: its lanes, which carry events from the source to the target, one batch after another.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cloud/services.h"
#include "cloud/shape_fields.h"
#include "cloud/stream_position.h"
#include "cloud/turns.h"
#include "cloud/wait.h"
#include "services/pipes/config.h"
#include "store/key.h"

namespace signalbox::pipes {

namespace asio = boost::asio;
struct Core;
struct Pipe;

/// What is read in order: a queue's messages, or a shard's records. On the pipe's thread.
struct Lane {
  Lane(std::weak_ptr<Pipe> of, ConfigPtr settings) : pipe(std::move(of)), config(std::move(settings)) {}

  const std::weak_ptr<Pipe> pipe;
  const ConfigPtr config;
  bool running = false;  // a turn is under way
  bool again = false;    // something happened meanwhile
  std::optional<Alarms::Handle> alarm;

  std::vector<cloud::SourceEvent> held;  // messages that wait for the batch to fill
  std::optional<Time> since;             // when the first event of the next batch was there

  // Of a shard.
  std::uint64_t stream = 0;
  std::uint32_t shard = 0;
  std::string shard_name;
  std::uint64_t position = 0;
  std::int64_t failures = 0;  // in a row, of the record at `position`
  Time retry_at{};
};
using LanePtr = std::shared_ptr<Lane>;

struct PipeRecord {
  static constexpr std::uint8_t kVersion = 1;
  std::uint64_t id = 0;
  Time created{};
  Time modified{};
  bool desired_running = true;
  model::CreatePipeRequest request;  // as given, and as updates changed it

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("id", self.id)("created", self.created)("modified", self.modified);
    field("desired_running", self.desired_running);
    field("request", cloud::as_json(*model::kCreatePipe.operation->input, self.request));
  }
};

/// Everything but the constants is touched on the owning shard only.
struct Pipe {
  Pipe(PipeName pipe_name, PipeRecord pipe_record, cloud::Shard& shard)
      : name(std::move(pipe_name)), arn(name.arn()), owner(shard), record(std::move(pipe_record)) {}

  const PipeName name;
  const std::string arn;
  cloud::Shard& owner;

  PipeRecord record;
  ConfigPtr config;
  bool deleted = false;

  cloud::Turns changes;
  bool active = false;  // lanes may begin turns
  std::vector<LanePtr> lanes;
  std::map<std::uint32_t, bool> finished;  // shards that were begun: whether they are read to the end
  std::size_t turns_under_way = 0;
  std::list<cloud::Wait*> waiting_for_rest;
  Time next_request{};  // to a target that takes only so many a second
  std::int64_t failed_starts = 0;
  std::optional<Alarms::Handle> start_alarm;

  const char* state() const;
};
using PipePtr = std::shared_ptr<Pipe>;

/// Begins to carry events, from where it had come to; tries again by itself when it cannot. In the turn of changes.
asio::awaitable<void> start(Core& core, PipePtr pipe);
/// `start`, once the changes under way are done.
asio::awaitable<void> restart(Core& core, PipePtr pipe);
/// Returns when no batch is under way, and none will be.
asio::awaitable<void> stop(Core& core, PipePtr pipe);

/// Has the lane look for events, soon. On the pipe's thread.
void pump(Core& core, const LanePtr& lane);
/// From any thread.
cloud::Wake waker(Core& core, const LanePtr& lane);
void wake_at(Core& core, const LanePtr& lane, Time when);

/// How long to wait after so many failures in a row.
Duration backoff(std::int64_t failures);

/// One turn of a lane; true when it is to go on at once.
asio::awaitable<bool> queue_turn(Core& core, PipePtr pipe, LanePtr lane);
asio::awaitable<bool> shard_turn(Core& core, PipePtr pipe, LanePtr lane);

/// Begins the shards whose time has come. Errors: those of the source and the store.
asio::awaitable<Result<void>> begin_shards(Core& core, PipePtr pipe);

inline constexpr std::string_view kPipeSpace = "pipes.pipe";
inline constexpr std::string_view kPositionSpace = "pipes.position";
store::Key pipe_key(const PipeName& name);

using Position = cloud::StreamPosition;
store::Key position_key(std::uint64_t pipe, std::uint64_t stream, std::uint32_t shard);

}  // namespace signalbox::pipes
