// Event source mappings: functions that are run for what is in a queue or a stream.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "cloud/shape_fields.h"
#include "cloud/stream_position.h"
#include "cloud/tags.h"
#include "cloud/turns.h"
#include "cloud/wait.h"
#include "pattern/pattern.h"
#include "services/lambda/core.h"

namespace signalbox::lambda {

/// A mapping's settings, checked and compiled once.
struct MappingConfig {
  FunctionReference function;
  std::string source;
  bool from_stream = false;
  std::size_t batch_size = 10;
  Duration window{0};
  std::vector<pattern::Pattern> filters;  // none: all pass
  bool reports_failures = false;          // ReportBatchItemFailures
  std::size_t most_at_once = 10;          // batches of a queue
  // Of streams.
  std::size_t at_once = 1;  // batches of a shard: ParallelizationFactor
  std::string starting_position;
  Time starting_time{};
  bool bisects = false;
  std::optional<std::int64_t> max_retries;
  std::optional<Duration> max_age;
  std::string on_failure;  // ARN; "" for none
};
using MappingConfigPtr = std::shared_ptr<const MappingConfig>;

struct MappingRecord {
  static constexpr std::uint8_t kVersion = 1;
  std::uint64_t number = 0;  // in the keys of positions
  Time modified{};
  bool enabled = true;
  model::CreateEventSourceMappingRequest request;  // as given, and as updates changed it

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("number", self.number)("modified", self.modified)("enabled", self.enabled);
    field("request", cloud::as_json(*model::kCreateEventSourceMapping.operation->input, self.request));
  }
};

struct Mapping;

/// Records of a shard that are worked off beside others: those of some partition keys, in order.
struct MappingPart {
  std::vector<cloud::SourceEvent> events;
  std::int64_t failures = 0;
  Time retry_at{};
  std::size_t limit = 0;  // of the next batch; 0 for none
};

/// What is read in order: a queue, or a shard of a stream. On the mapping's thread.
struct MappingLane {
  std::weak_ptr<Mapping> mapping;
  MappingConfigPtr config;
  bool running = false;
  bool again = false;
  std::optional<Alarms::Handle> alarm;
  std::vector<cloud::SourceEvent> held;
  std::optional<Time> since;
  std::int64_t failures = 0;
  Time retry_at{};
  // Of a shard.
  std::uint64_t stream = 0;
  std::uint32_t shard = 0;
  std::string shard_name;
  std::uint64_t position = 0;
  std::size_t limit = 0;           // of the next batch, after one was split; 0 for none
  std::vector<MappingPart> parts;  // none where batches follow each other
  std::uint64_t next = 0;          // the place behind the parts
};
using MappingLanePtr = std::shared_ptr<MappingLane>;

/// All but the constants is touched on its shard only; the record by others under the lock of Mappings.
struct Mapping : std::enable_shared_from_this<Mapping> {
  Mapping(std::string uuid, cloud::Scope of, cloud::Shard& shard) : id(std::move(uuid)), scope(of), owner(shard) {}
  const std::string id;
  const cloud::Scope scope;
  cloud::Shard& owner;
  MappingRecord record;
  MappingConfigPtr config;
  std::string last_result = "No records processed";

  cloud::Turns changes;
  bool active = false;
  bool deleted = false;
  std::vector<MappingLanePtr> lanes;
  std::map<std::uint32_t, bool> finished;  // shards that were begun: whether they are read to the end
  std::size_t under_way = 0;               // turns and batches
  std::list<cloud::Wait*> waiting_for_rest;
  std::optional<Alarms::Handle> start_alarm;
  std::int64_t failed_starts = 0;
};
using MappingPtr = std::shared_ptr<Mapping>;

class Mappings {
 public:
  explicit Mappings(Core& core) : core_(core) {}

  Result<void> load(const store::Snapshot& snapshot);
  void drain();

  // Any thread.
  MappingPtr find(const cloud::Scope& scope, const std::string& id) const;
  std::vector<MappingPtr> mappings_of(const cloud::Scope& scope) const;
  void put(const MappingPtr& mapping);
  void erase(const MappingPtr& mapping);

 private:
  Core& core_;
  mutable std::shared_mutex mutex_;
  std::map<std::pair<cloud::Scope, std::string>, MappingPtr> mappings_;
};

/// Errors: InvalidParameterValueException and the like. `check` also asks whether what it names is there now.
Result<MappingConfigPtr> compile_mapping(const Core& core, const cloud::Scope& scope,
                                         const model::CreateEventSourceMappingRequest& request, bool check);

/// Changes the tags of a mapping, where there is a change, and gives them as they are then. Errors: ResourceNotFound-
/// Exception, those of the change, those of the store.
asio::awaitable<Result<Tags>> change_mapping_tags(Core& core, cloud::Scope scope, std::string id,
                                                  cloud::TagChange change);

/// Whether the function's role may read the source. Errors: InvalidParameterValueException.
asio::awaitable<Result<void>> may_read(Core& core, MappingConfigPtr config);

/// Begins to read, from where it had come to. In the turn of changes, on its shard.
asio::awaitable<void> start(Core& core, MappingPtr mapping);
/// Returns when nothing is under way, and nothing will be.
asio::awaitable<void> stop(Core& core, MappingPtr mapping);
/// `start`, once the changes under way are done.
asio::awaitable<void> restart(Core& core, MappingPtr mapping);

void pump(Core& core, const MappingLanePtr& lane);
void wake_at(Core& core, const MappingLanePtr& lane, Time when);
cloud::Wake waker(Core& core, const MappingLanePtr& lane);

/// A turn or a batch of a mapping, until it ends, in whichever way: whoever stops the mapping waits for that.
class UnderWay {
 public:
  explicit UnderWay(MappingPtr mapping);
  ~UnderWay();
  UnderWay(const UnderWay&) = delete;

 private:
  const MappingPtr mapping_;
};
using UnderWayPtr = std::unique_ptr<const UnderWay>;

Duration mapping_backoff(std::int64_t failures);
asio::awaitable<bool> queue_turn(Core& core, MappingPtr mapping, MappingLanePtr lane);
asio::awaitable<bool> shard_turn(Core& core, MappingPtr mapping, MappingLanePtr lane);
asio::awaitable<Result<void>> begin_shards(Core& core, MappingPtr mapping);

inline constexpr std::string_view kMappingSpace = "lambda.mapping";
inline constexpr std::string_view kPositionSpace = "lambda.position";
store::Key mapping_key(const cloud::Scope& scope, const std::string& id);
store::Key position_key(std::uint64_t mapping, std::uint64_t stream, std::uint32_t shard);
using Position = cloud::StreamPosition;

}  // namespace signalbox::lambda
