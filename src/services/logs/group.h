// One log group: its streams, the events that have just arrived (the tail) and those at rest (chunks).
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "cloud/event_target.h"
#include "cloud/shards.h"
#include "cloud/turns.h"
#include "services/logs/chunk.h"
#include "services/logs/filter/pattern.h"
#include "services/logs/records.h"
#include "store/store.h"

namespace signalbox::logs {

struct Stream {
  const std::string name;
  StreamRecord record;  // on the group's shard only, but for the id
};
using StreamPtr = std::shared_ptr<Stream>;

/// A group's streams by name and by id. Changed on the group's shard; any thread may ask for those of an id.
class StreamTable {
 public:
  using ByName = std::map<std::string, StreamPtr, std::less<>>;

  void add(StreamPtr stream);
  void remove(const Stream& stream);
  /// On the group's shard.
  const ByName& by_name() const { return by_name_; }
  StreamPtr find(std::string_view name) const;
  StreamPtr find(std::uint32_t id) const { return find_all({id}).front(); }
  /// In the same order; null for streams that were deleted. Any thread.
  std::vector<StreamPtr> find_all(const std::vector<std::uint32_t>& ids) const;

 private:
  ByName by_name_;
  mutable std::shared_mutex mutex_;
  std::vector<StreamPtr> by_id_;
};

struct Subscription {
  SubscriptionRecord record;
  filter::Pattern pattern;
};
struct MetricFilter {
  MetricFilterRecord record;
  filter::Pattern pattern;
};
using Subscriptions = std::map<std::string, Subscription, std::less<>>;
using MetricFilters = std::map<std::string, MetricFilter, std::less<>>;

using ChunkList = std::vector<std::shared_ptr<const ChunkInfo>>;

/// Everything of a group's events at one moment, readable on any thread.
struct View {
  std::shared_ptr<const StreamTable> streams;
  std::uint64_t group = 0;
  std::uint64_t head = 0;  // the tail begins with this event
  std::shared_ptr<const ChunkList> chunks;
  /// Chunks from this one on are being written: where the snapshot has one not yet, its events are in the tail.
  std::uint64_t first_uncertain_chunk = 0;
  Millis expired_before = 0;
  std::unique_ptr<store::Snapshot> snapshot;
};

/// Belongs to one shard: everything is to be used there, but for what says otherwise. Opened, which reads its streams
/// and its tail, when first used.
class Group {
 public:
  Group(GroupRecord record, cloud::Shard& owner, store::Store& store);

  // Any thread.
  std::shared_ptr<const GroupRecord> record() const;
  const std::uint64_t id;
  const std::string name;
  cloud::Shard& shard;
  void set_record(GroupRecord record);

  /// Errors: InternalFailure where the store cannot be read.
  Result<void> open();
  bool is_open() const { return opened_; }
  View view(Time now) const;
  std::uint64_t stored_bytes() const { return sealed_bytes_ + tail_bytes; }

  StreamTable& streams() { return *streams_; }
  std::uint32_t next_stream = 0;

  /// The number of the first of `count` events that are about to be committed; `settle` when they are, or are not.
  std::uint64_t begin_frame(std::uint64_t count);
  void settle_frame(std::uint64_t first_number);
  /// What begin_frame gave last.
  std::uint64_t last_begun() const { return last_begun_; }

  // The tail: frames from `head` on.
  std::uint64_t head = 0;
  std::uint64_t tail_bytes = 0;
  std::uint64_t tail_frames = 0;
  Millis tail_max_time = 0;
  void count_frame(std::uint64_t bytes, Millis max_time);
  /// Frames from here on may not be committed yet.
  std::uint64_t settled_until() const { return pending_.empty() ? next_number_ : *pending_.begin(); }

  // Chunks. A list once given out is never changed.
  const ChunkList& chunks() const { return *chunks_; }
  std::uint64_t next_chunk = 0;
  std::uint64_t first_uncertain_chunk = 0;
  void set_chunks(ChunkList chunks);

  bool sealing = false;
  bool deleted = false;
  bool has_garbage = false;  // streams were deleted whose events are still there
  std::optional<Alarms::Handle> sweep_alarm;
  std::string events_stream;  // where rules' events go, "" until the first
  bool events_stream_is_durable = false;

  cloud::Turns turns;  // of changes of the record and the filters
  Subscriptions subscriptions;
  MetricFilters metric_filters;

 private:
  Result<void> open_streams(const store::Snapshot& snapshot);
  Result<void> open_filters(const store::Snapshot& snapshot);
  Result<void> open_chunks(const store::Snapshot& snapshot);
  Result<void> open_tail(const store::Snapshot& snapshot);

  store::Store& store_;
  mutable std::mutex record_mutex_;
  std::shared_ptr<const GroupRecord> record_;
  bool opened_ = false;
  std::shared_ptr<StreamTable> streams_ = std::make_shared<StreamTable>();
  std::shared_ptr<const ChunkList> chunks_ = std::make_shared<const ChunkList>();
  std::uint64_t sealed_bytes_ = 0;
  std::uint64_t next_number_ = 0;
  std::uint64_t last_begun_ = 0;
  std::set<std::uint64_t> pending_;
};
using GroupPtr = std::shared_ptr<Group>;

std::unexpected<Error> unreadable(std::string_view what);

}  // namespace signalbox::logs
