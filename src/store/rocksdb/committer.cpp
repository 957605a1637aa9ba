#include "store/rocksdb/committer.h"

#include <rocksdb/write_batch.h>

#include <boost/asio/post.hpp>
#include <chrono>

#include "store/key.h"

namespace signalbox::store {
namespace {

/// One write holds at most this much, so that a flood cannot make the first of its waiters wait for all of it.
constexpr std::size_t kMaxWriteBytes = 8 * 1024 * 1024;
/// What closes a text in a key; names of spaces have no zero bytes.
constexpr std::size_t kTextEnd = 2;

Error write_failure(const rocksdb::Status& status) {
  // Without the paths that RocksDB's text names: this goes to clients.
  const char* why = status.IsNoSpace() ? "No space left on device." : "The log cannot be written.";
  return {"InternalFailure", std::string("The change could not be made durable: ") + why, 500};
}

void add(rocksdb::WriteBatch& into, const Batch& batch) {
  batch.each([&into](Batch::Kind kind, std::string_view a, std::string_view b) {
    const rocksdb::Slice first(a.data(), a.size());
    const rocksdb::Slice second(b.data(), b.size());
    switch (kind) {
      case Batch::Kind::kPut:
        into.Put(first, second);
        break;
      case Batch::Kind::kErase:
        into.Delete(first);
        break;
      case Batch::Kind::kEraseRange:
        into.DeleteRange(first, second);
        break;
    }
  });
}

}  // namespace

Committer::Committer(rocksdb::DB& db, Durability durability, Acknowledged& acknowledged, Metrics& metrics, Log& log)
    : db_(db),
      durability_(durability),
      acknowledged_(acknowledged),
      resume_mark_(Key("store.resume-mark").bytes()),
      log_(log),
      commits_(metrics.counter("signalbox_store_commits_total", "Batches committed.")),
      writes_(metrics.counter("signalbox_store_writes_total", "Writes to the log; each holds one or more batches.")),
      records_(metrics.counter("signalbox_store_records_total", "Changes committed.")),
      bytes_(metrics.counter("signalbox_store_bytes_total", "Bytes of changes committed.")),
      failures_(metrics.counter("signalbox_store_failed_commits_total", "Batches that could not be committed.")),
      latency_(metrics.histogram("signalbox_store_commit_seconds", "Time from commit to durable.")),
      thread_([this] { run(); }) {}

Committer::~Committer() {
  stop();
}

void Committer::submit(Batch batch, asio::any_io_executor executor, Done done) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({std::move(batch), std::move(executor), std::move(done), std::chrono::steady_clock::now()});
    wake = std::exchange(sleeping_, false);
  }
  if (wake) arrived_.notify_one();
}

void Committer::follow(std::string_view space, Follower& follower) {
  const std::lock_guard lock(mutex_);
  auto more = std::make_shared<Followers>(*followers_);
  (*more)[Key(space).bytes()] = &follower;
  followers_ = std::move(more);
}

void Committer::tell_followers(const std::vector<Waiting>& group) const {
  if (told_->empty()) return;
  const auto follower_of = [&](std::string_view key) -> Follower* {
    const auto found = told_->find(key.substr(0, key.find('\0') + kTextEnd));
    return found == told_->end() ? nullptr : found->second;
  };
  for (const Waiting& waiting : group) {
    waiting.batch.each([&](Batch::Kind kind, std::string_view a, std::string_view b) {
      Follower* const follower = follower_of(a);
      if (follower == nullptr) return;
      switch (kind) {
        case Batch::Kind::kPut:
          return follower->put(a, b);
        case Batch::Kind::kErase:
          return follower->erase(a);
        case Batch::Kind::kEraseRange:
          return follower->erase_range(a, b);
      }
    });
  }
}

void Committer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool Committer::take(std::vector<Waiting>& group) {
  std::unique_lock lock(mutex_);
  while (queue_.empty() && !stopping_) {
    sleeping_ = true;
    arrived_.wait(lock, [this] { return !sleeping_ || stopping_; });
  }
  sleeping_ = false;
  told_ = followers_;
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < queue_.size() && bytes < kMaxWriteBytes) bytes += queue_[count++].batch.bytes();
  if (count == queue_.size()) {
    group.swap(queue_);
  } else {
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
    group.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
  }
  return !group.empty();
}

void Committer::run() {
  std::vector<Waiting> group;
  while (take(group)) {
    const Result<void> result = commit(group);
    finish(group, result);
    group.clear();
  }
}

rocksdb::Status Committer::write(rocksdb::WriteBatch& changes, bool sync) {
  rocksdb::WriteOptions options;
  if (durability_ != Durability::kMemory) {
    // Resume begins a new log only when there is something in memory to write out. Without, it goes on with the log
    // whose end is broken, and RocksDB ends the process over that. So something is always there, outside of the log.
    // This write, and not the one that counts, is also the one that finds the memory full and changes to a new log.
    options.disableWAL = true;
    const rocksdb::Status ready = db_.Put(options, resume_mark_, {});
    if (!ready.ok()) return ready;
  }
  options.sync = sync && durability_ == Durability::kSync;
  options.disableWAL = durability_ == Durability::kMemory;
  return db_.Write(options, &changes);
}

Result<void> Committer::commit(const std::vector<Waiting>& group) {
  std::size_t bytes = 0;
  std::size_t records = 0;
  // What nobody waits for may be lost in a crash: it reaches the disk with the next write that somebody waits for.
  bool sync = false;
  for (const Waiting& waiting : group) {
    bytes += waiting.batch.bytes();
    records += waiting.batch.count();
    sync = sync || waiting.executor;
  }
  rocksdb::WriteBatch all(bytes + 64);
  for (const Waiting& waiting : group) add(all, waiting.batch);
  rocksdb::Status status = write(all, sync);
  // After a failed write RocksDB refuses all others until told that the cause may be gone. It then writes out what it
  // has in memory and begins a new log, so that what was refused is not in the log that later changes follow.
  if (!status.ok() && db_.Resume().ok()) status = write(all, sync);
  note(status);
  if (!status.ok()) {
    failures_.add(group.size());
    return std::unexpected(write_failure(status));
  }
  // What was not synced may be lost: it is no promise.
  if (sync) acknowledged_.note(db_);
  commits_.add(group.size());
  writes_.add();
  records_.add(records);
  bytes_.add(bytes);
  tell_followers(group);
  return {};
}

void Committer::note(const rocksdb::Status& status) {
  if (status.ok() == !failing_) return;
  failing_ = !status.ok();
  if (status.ok()) {
    log_.warning("changes are durable again");
  } else {
    log_.error("changes cannot be made durable and are refused",
               {{"why", status.ToString()}, {"until", status.IsNoSpace() ? "there is room" : "the next start"}});
  }
}

void Committer::finish(std::vector<Waiting>& group, const Result<void>& result) {
  const auto now = std::chrono::steady_clock::now();
  // One post wakes all that wait on the same executor. Executors are few (one a core), so a list will do.
  std::vector<std::pair<asio::any_io_executor, std::vector<Done>>> wake;
  for (Waiting& waiting : group) {
    latency_.record(now - waiting.since);
    if (!waiting.done) continue;
    if (!waiting.executor) {
      waiting.done(result);
      continue;
    }
    auto place = wake.begin();
    while (place != wake.end() && place->first != waiting.executor) ++place;
    if (place == wake.end()) place = wake.insert(wake.end(), {waiting.executor, {}});
    place->second.push_back(std::move(waiting.done));
  }
  for (auto& [executor, waiters] : wake) {
    asio::post(executor, [done_of = std::move(waiters), result] {
      for (const Done& done : done_of) done(result);
    });
  }
}

}  // namespace signalbox::store
