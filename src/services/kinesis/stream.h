// A stream: its settings and shards, what was put and is not committed yet, and its records' places in the store.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cloud/scope.h"
#include "cloud/services.h"
#include "cloud/turns.h"
#include "cloud/wait.h"
#include "services/kinesis/allowance.h"
#include "services/kinesis/layout.h"
#include "services/kinesis/measures.h"
#include "services/kinesis/sequence.h"
#include "store/fields.h"
#include "store/key.h"

namespace signalbox::kinesis {

using Tags = std::map<std::string, std::string, std::less<>>;

/// What a shard takes and gives in a second, and what an on-demand stream takes ("Quotas and limits").
inline constexpr double kShardWriteBytes = 1024.0 * 1024;
inline constexpr double kShardWriteRecords = 1000;
inline constexpr double kShardReadBytes = 2.0 * 1024 * 1024;
inline constexpr double kShardReadCalls = 5;
inline constexpr double kOnDemandWriteBytes = 200.0 * 1024 * 1024;
inline constexpr double kOnDemandWriteRecords = 200'000;

struct StreamName {
  cloud::Scope scope;
  std::string name;
  auto operator<=>(const StreamName&) const = default;
  std::string arn() const { return cloud::make_arn("kinesis", scope, "stream/" + name); }
};

struct StreamRecord {
  static constexpr std::uint8_t kVersion = 2;  // 2: the key of encryption, shard-level metrics
  std::uint64_t id = 0;                        // differs for a stream deleted and made again
  Time created{};
  bool on_demand = false;
  std::int32_t retention_hours = 24;
  std::int32_t max_record_kib = 1024;
  Time trimmed{};  // what was put before is gone, whatever the retention is now
  Tags tags;
  std::string key_id;                                // of encryption; "": what is put is kept as it is
  std::set<std::string, std::less<>> shard_metrics;  // that are told for each shard

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("id", self.id)("created", self.created)("on_demand", self.on_demand);
    field("retention_hours", self.retention_hours)("max_record_kib", self.max_record_kib);
    field("trimmed", self.trimmed)("tags", self.tags);
    if (field.since(2)) field("key_id", self.key_id)("shard_metrics", self.shard_metrics);
  }
};

/// Who is registered to have records pushed.
struct Consumer {
  static constexpr std::uint8_t kVersion = 1;
  std::string name;
  Time created{};
  Tags tags;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("name", self.name)("created", self.created)("tags", self.tags);
  }
};

/// What goes through a shard, in memory only.
struct Traffic {
  Allowance write_bytes{kShardWriteBytes};
  Allowance write_records{kShardWriteRecords};
  Allowance read_bytes{kShardReadBytes};
  Allowance read_calls{kShardReadCalls};
  /// No record of the shard has a higher sequence. Not known after a start, until somebody reads to the end.
  std::uint64_t newest = ~std::uint64_t{0};
  /// What is told of the shard alone; null unless somebody asked for that.
  std::unique_ptr<ShardMeasures> measures;
};

/// Everything but the constants is touched on the owning shard only.
struct Stream {
  Stream(StreamName stream_name, StreamRecord stream_record, cloud::Shard& shard, const cloud::House& with)
      : name(std::move(stream_name)),
        arn(name.arn()),
        id(stream_record.id),
        owner(shard),
        house(with),
        measures(house.measures, name.scope, name.name),
        record(std::move(stream_record)) {}

  const StreamName name;
  const std::string arn;
  const std::uint64_t id;
  cloud::Shard& owner;
  const cloud::House& house;
  const StreamMeasures measures;

  StreamRecord record;
  std::map<std::string, Consumer, std::less<>> consumers;  // by name
  Layout layout;
  std::unordered_map<std::uint32_t, Traffic> traffic;
  Allowance on_demand_bytes{kOnDemandWriteBytes};
  Allowance on_demand_records{kOnDemandWriteRecords};
  bool deleted = false;

  cloud::Turns changes;  // of settings and layout
  bool resharding = false;
  std::list<cloud::Wait*> waiting_to_put;

  std::uint64_t last_sequence = 0;  // given out
  /// A sequence for each batch that is not settled yet, lower than those of its records. Who reads stops before the
  /// first: what was put later may be committed sooner, and nothing is to appear behind a reader.
  std::set<std::uint64_t> in_flight;
  /// Who wants to know once that there may be more to read.
  std::vector<std::function<void()>> watchers;
  std::optional<Alarms::Handle> trim_alarm;

  /// What goes through a shard; its measures are there when the stream has them told.
  Traffic& traffic_of(std::uint32_t shard);
  bool is_encrypted() const { return !record.key_id.empty(); }
  const char* encryption_type() const;
  std::uint64_t next_sequence(Time now);
  void wake_watchers();
  /// What was put before is not to be read any more.
  Time horizon(Time now) const;
  /// Whether a shard was closed so long ago that all its records are gone.
  bool is_expired(const Shard& shard, Time now) const;
  /// Null when there is none, or it is expired.
  const Shard* find_shard(std::uint32_t index, Time now) const;
  std::string sequence_text(std::uint64_t sequence, std::uint32_t shard) const {
    return SequenceNumber{sequence, shard, id}.text();
  }
};
using StreamPtr = std::shared_ptr<Stream>;

/// One record as the store keeps it.
struct StoredRecord {
  std::string partition_key;
  std::string data;
  Time arrived{};
  bool sealed = false;  // it was kept so
};
std::string encode_record(std::string_view partition_key, std::string_view data, Time arrived);
/// The same with its data sealed, for the stream of that ARN.
std::string seal_record(const Sealer& sealer, const std::string& stream, std::string_view partition_key,
                        std::string_view data, Time arrived);
/// Reads both. Empty optional on bytes that are no record, or that were sealed by another key.
std::optional<StoredRecord> decode_record(std::string_view bytes, const Sealer& sealer, const std::string& stream);

inline constexpr std::string_view kStreamSpace = "kinesis.stream";
inline constexpr std::string_view kShardSpace = "kinesis.shard";
inline constexpr std::string_view kRecordSpace = "kinesis.record";
inline constexpr std::string_view kConsumerSpace = "kinesis.consumer";
store::Key stream_key(const StreamName& name);
/// Keys of shards and records start with the stream's id.
store::Key shard_key(std::uint64_t stream, std::uint32_t shard);
store::Key consumer_key(std::uint64_t stream, const std::string& consumer);
store::Key record_key(std::uint64_t stream, std::uint32_t shard, std::uint64_t sequence);

}  // namespace signalbox::kinesis
