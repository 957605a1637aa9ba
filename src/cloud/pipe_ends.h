// What pipes read from and enrich events by, whichever service stands behind it. What a pipe has taken from a queue it
// removes in the very batch that holds what became of it; of a stream it keeps the place it has come to.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cloud/event_target.h"
#include "cloud/shards.h"
#include "store/store.h"

namespace signalbox::cloud {

namespace asio = boost::asio;

/// A message or a record.
struct SourceEvent {
  std::string json;            // as pipes hand it on: a JSON object
  std::string id;              // of a message: what removes it; of a record: its sequence number
  std::uint64_t position = 0;  // of a record: its place in the shard
  Time arrived{};              // of a record
};

/// Called at most once, on any thread, when there may be more to read.
using Wake = std::function<void()>;

class QueueSource {
 public:
  virtual ~QueueSource() = default;
  virtual bool exists(const std::string& arn) const = 0;
  /// Up to `most` messages, out of others' reach for the queue's visibility timeout. `wake` is kept where there were
  /// fewer. Errors: a queue that is gone, and those of the store.
  virtual asio::awaitable<Result<std::vector<SourceEvent>>> take(std::string arn, std::size_t most, Wake wake) = 0;
  /// Adds the removal of messages that were taken to `batch`; they are nobody's until it is settled.
  virtual asio::awaitable<AfterCommit> remove(std::string arn, std::vector<std::string> ids, store::Batch& batch) = 0;
};

struct SourceShard {
  std::uint32_t index = 0;
  std::string name;  // "shardId-000000000000"
  std::vector<std::uint32_t> parents;
  std::uint64_t latest = 0;  // the place behind all that was put
  bool open = true;
};
struct SourceStream {
  std::uint64_t id = 0;  // another one for a stream deleted and made again
  std::vector<SourceShard> shards;
};
struct SourceRecords {
  std::vector<SourceEvent> events;
  std::uint64_t next = 0;  // the place to go on at
  bool at_end = false;     // the shard is closed, and all of it was read
};

class StreamSource {
 public:
  virtual ~StreamSource() = default;
  virtual bool exists(const std::string& arn) const = 0;
  virtual asio::awaitable<Result<SourceStream>> describe(std::string arn) = 0;
  /// The place of the first record that arrived at `time` or later.
  virtual std::uint64_t position_at(Time time) const = 0;
  /// Up to `most` records from a place on, 0 for the first there is. `wake` is kept where there were fewer.
  virtual asio::awaitable<Result<SourceRecords>> read(std::string arn, std::uint32_t shard, std::uint64_t position,
                                                      std::size_t most, Wake wake) = 0;
};

/// Asks somebody outside to make more of an event.
class Enricher {
 public:
  virtual ~Enricher() = default;
  /// Errors: what ARN names does not exist.
  virtual Result<void> check(const std::string& arn) const = 0;
  /// What it answers to `payload`, within a bound of its own. On `shard`'s thread.
  virtual asio::awaitable<Result<std::string>> enrich(std::string arn, std::string payload, HttpParameters parameters,
                                                      Shard& shard) = 0;
};

/// Filled at start, then only read. Null: this server has none.
struct PipeEnds {
  std::unique_ptr<QueueSource> queues;
  std::unique_ptr<StreamSource> streams;
  std::unique_ptr<Enricher> api_destinations;
};

}  // namespace signalbox::cloud
