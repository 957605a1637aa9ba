// The durable ordered keyspace that every service keeps its state in.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  virtual std::optional<std::string> get(std::string_view key) const = 0;
  /// Visits keys in [from, to) in order until `visit` returns false.
  virtual void scan(std::string_view from, std::string_view to,
                    const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;
};

struct Options {
  std::string directory;
  Durability durability = Durability::kSync;
};

class Store {
 public:
  virtual ~Store() = default;

  virtual std::unique_ptr<Snapshot> read() const = 0;

  /// The newest committed value: cheaper than a snapshot.
  virtual std::optional<std::string> get(std::string_view key) const = 0;

  /// Resumes on the calling coroutine's executor when `batch` is as durable as the store promises. Batches take
  /// effect in the order commit was called; those that wait together share one write. On an error (code
  /// "InternalFailure", status 500: disk full, I/O error) nothing of the batch is kept.
  virtual asio::awaitable<Result<void>> commit(Batch batch) = 0;

  /// As commit, without waiting: for what may be lost in a crash (leases, progress marks). `done`, when given, is
  /// called on the committer's thread.
  virtual void commit_later(Batch batch, std::function<void(const Result<void>&)> done = {}) = 0;

  /// Writes out all that was committed; then the store may be destroyed. No commit may follow.
  virtual void close() = 0;
};

/// Opens or creates the store in `options.directory`. Errors (code "StoreError") say in plain words what is wrong:
/// another process has it open, it was written by a newer schema version, the directory cannot be written.
Result<std::unique_ptr<Store>> open_rocksdb(const Options& options, Metrics& metrics);

/// The schema version that this build writes, kept in every database.
inline constexpr int kSchemaVersion = 1;

}  // namespace signalbox::store
