// The one thread that writes: batches that arrive while it writes go together into its next write.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <boost/asio/any_io_executor.hpp>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "store/rocksdb/acknowledged.h"
#include "store/store.h"

namespace signalbox::store {

class Committer {
 public:
  using Done = std::function<void(const Result<void>&)>;

  Committer(rocksdb::DB& db, Durability durability, Acknowledged& acknowledged, Metrics& metrics, Log& log);
  ~Committer();
  Committer(const Committer&) = delete;

  /// Queues a batch. `done` runs on `executor`, or on the committer's thread when that is empty; it may be empty.
  void submit(Batch batch, asio::any_io_executor executor, Done done);

  /// From now on `follower` is told what is written to the space.
  void follow(std::string_view space, Follower& follower);

  /// Writes what is queued, then ends the thread.
  void stop();

 private:
  struct Waiting {
    Batch batch;
    asio::any_io_executor executor;
    Done done;
    std::chrono::steady_clock::time_point since;
  };

  void run();
  /// Takes what is queued, up to the bounds of one write; false when stopping and nothing is left.
  bool take(std::vector<Waiting>& group);
  Result<void> commit(const std::vector<Waiting>& group);
  rocksdb::Status write(rocksdb::WriteBatch& changes, bool sync);
  void tell_followers(const std::vector<Waiting>& group) const;
  /// Says so in the log when writes begin to fail, and when they succeed again.
  void note(const rocksdb::Status& status);
  void finish(std::vector<Waiting>& group, const Result<void>& result);

  rocksdb::DB& db_;
  const Durability durability_;
  Acknowledged& acknowledged_;
  const std::string resume_mark_;
  Log& log_;
  Counter& commits_;
  Counter& writes_;
  Counter& records_;
  Counter& bytes_;
  Counter& failures_;
  Histogram& latency_;

  bool failing_ = false;                                            // on the committer's thread
  using Followers = std::map<std::string, Follower*, std::less<>>;  // by the bytes that the keys of a space begin with
  std::shared_ptr<const Followers> told_;                           // on the committer's thread

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Waiting> queue_;
  std::shared_ptr<const Followers> followers_ = std::make_shared<const Followers>();
  bool sleeping_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace signalbox::store
