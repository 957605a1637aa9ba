// The durable ordered keyspace that every service keeps its state in.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"

namespace signalbox::store {

namespace asio = boost::asio;

/// When a commit counts as done.
enum class Durability {
  kSync,    // when the log is on the disk (fsync): survives power loss
  kFlush,   // when the operating system has the log: survives kill -9, not power loss
  kMemory,  // when it is in memory: survives a clean stop only
};

/// Changes that happen together or not at all, in the order they were added. A plain value.
class Batch {
 public:
  void put(std::string_view key, std::string_view value);
  void erase(std::string_view key);
  /// Erases every key in [from, to).
  void erase_range(std::string_view from, std::string_view to);
  /// Adds all changes of `more` behind these.
  void append(const Batch& more);
  bool empty() const { return count_ == 0; }
  std::size_t count() const { return count_; }
  std::size_t bytes() const { return ops_.size(); }

  enum class Kind : char { kPut, kErase, kEraseRange };
  /// Calls `visit(kind, key, value)` for every change; `value` is the end key of an erase_range.
  void each(const std::function<void(Kind, std::string_view, std::string_view)>& visit) const;

 private:
  void add(Kind kind, std::string_view a, std::string_view b);
  std::string ops_;
  std::size_t count_ = 0;
};

/// The keyspace as it was at one moment. Safe to use from any thread; not for long keeping (it pins old data).
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  /// Empty when there is no such key. An error (code "InternalFailure") is a disk that cannot be read.
  virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;
  /// Visits keys in [from, to) in order until `visit` returns false. After an error not all were visited.
  virtual Result<void> scan(std::string_view from, std::string_view to,
                            const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;
};

/// Memory that follows what the store has of one space. Every change comes here once it is durable, in the order of the
/// log, before anybody learns that it is; on the committer's thread, which everybody waits for: what takes time is
/// posted.
class Follower {
 public:
  virtual ~Follower() = default;
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void erase(std::string_view key) = 0;
  /// Every key in [from, to), which are keys of the space or its end.
  virtual void erase_range(std::string_view from, std::string_view to) = 0;
};

struct Options {
  std::string directory;
  Durability durability = Durability::kSync;
};

class Store {
 public:
  virtual ~Store() = default;

  virtual std::unique_ptr<Snapshot> read() const = 0;

  /// The newest committed value, as Snapshot's `get`: cheaper than a snapshot.
  virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;

  /// Resumes on the calling coroutine's executor when `batch` is as durable as the store promises. Batches take
  /// effect in the order commit was called; those that wait together share one write. On an error (code
  /// "InternalFailure", status 500) nothing of the batch is kept: after a full disk, commits succeed again when there
  /// is room; after any other failure of the log none does until the store is opened anew.
  virtual asio::awaitable<Result<void>> commit(Batch batch) = 0;

  /// As commit, without waiting: for what may be lost in a crash (leases, progress marks). It is not synced, but with
  /// the next batch that somebody waits for. `done`, when given, is called on the committer's thread, which everybody
  /// waits for: it posts what takes time.
  virtual void commit_later(Batch batch, std::function<void(const Result<void>&)> done = {}) = 0;

  /// Has `follower` put all that there is in the space, and from then on follow it. Before the first commit that
  /// changes the space; `follower` outlives the last one. Errors: those of the disk.
  virtual Result<void> follow(std::string_view space, Follower& follower) = 0;

  /// Writes out all that was committed; then the store may be destroyed. No commit may follow. Only kMemory
  /// has errors here: something could not be written and is lost.
  virtual Result<void> close() = 0;
};

/// Opens or creates the store in `options.directory`. Errors (code "StoreError") say in plain words what is wrong:
/// another process has it open, it was written by a newer schema version, the directory cannot be written.
/// `log` gets what RocksDB warns of, and when commits begin to fail or succeed again.
Result<std::unique_ptr<Store>> open_rocksdb(const Options& options, Metrics& metrics, Log& log);

/// The schema version that this build writes, kept in every database.
inline constexpr int kSchemaVersion = 1;

}  // namespace signalbox::store
