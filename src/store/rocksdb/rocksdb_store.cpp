// The store over RocksDB.

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdarg>
#include <cstdio>
#include <filesystem>

#include "store/key.h"
#include "store/record.h"
#include "store/rocksdb/acknowledged.h"
#include "store/rocksdb/committer.h"
#include "store/store.h"

namespace signalbox::store {
namespace {

constexpr std::size_t kBlockCacheBytes = 32 * 1024 * 1024;
constexpr std::size_t kMemtableBytes = 64 * 1024 * 1024;
constexpr int kMaxOpenFiles = 256;
constexpr std::uint8_t kSchemaRecordVersion = 1;

/// RocksDB's warnings go to the server's log. Its own LOG file stands on the disk of the data: when that is full,
/// RocksDB ends the process over not being able to say so.
class Warnings final : public rocksdb::Logger {
 public:
  explicit Warnings(Log& log) : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL), log_(log) {}

  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    // Headers, the options it prints at start, are numbered above all levels of trouble.
    const bool trouble = level == rocksdb::InfoLogLevel::WARN_LEVEL || level == rocksdb::InfoLogLevel::ERROR_LEVEL ||
                         level == rocksdb::InfoLogLevel::FATAL_LEVEL;
    if (!trouble) return;
    std::array<char, kMaxText> text;
    std::vsnprintf(text.data(), text.size(), format, arguments);
    log_.write(level == rocksdb::InfoLogLevel::WARN_LEVEL ? LogLevel::kWarning : LogLevel::kError, "rocksdb",
               {{"says", text.data()}});
  }
  void Logv(const char*, va_list) override {}  // no level: the options and figures it prints at start

 private:
  static constexpr std::size_t kMaxText = 1000;
  Log& log_;
};

rocksdb::Options rocksdb_options(Log& log) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes, 2);
  rocksdb::Options options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.create_if_missing = true;
  options.write_buffer_size = kMemtableBytes;
  options.arena_block_size = 1024 * 1024;
  options.max_open_files = kMaxOpenFiles;
  options.max_background_jobs = 2;
  options.compression = rocksdb::kNoCompression;
  options.allow_concurrent_memtable_write = false;  // there is one writer
  options.enable_write_thread_adaptive_yield = false;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.info_log = std::make_shared<Warnings>(log);
  // A torn record at the end of the log was never acknowledged; anything broken before it must not pass in silence.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  return options;
}

rocksdb::Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}

Error read_failure() {
  return {"InternalFailure", "The stored data cannot be read.", 500};
}

Result<std::optional<std::string>> get_from(rocksdb::DB& db, const rocksdb::ReadOptions& options, std::string_view key,
                                            Log& log) {
  std::string value;
  const rocksdb::Status status = db.Get(options, slice(key), &value);
  if (status.ok()) return value;
  if (status.IsNotFound()) return std::nullopt;
  log.error("the store cannot be read", {{"why", status.ToString()}});
  return std::unexpected(read_failure());
}

class RocksSnapshot final : public Snapshot {
 public:
  RocksSnapshot(rocksdb::DB& db, Log& log) : db_(db), log_(log), snapshot_(db.GetSnapshot()) {}
  ~RocksSnapshot() override { db_.ReleaseSnapshot(snapshot_); }

  Result<std::optional<std::string>> get(std::string_view key) const override {
    return get_from(db_, options(), key, log_);
  }

  Result<void> scan(std::string_view from, std::string_view to,
                    const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    rocksdb::ReadOptions read = options();
    const rocksdb::Slice upper = slice(to);
    read.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> at(db_.NewIterator(read));
    for (at->Seek(slice(from)); at->Valid(); at->Next()) {
      if (!visit(at->key().ToStringView(), at->value().ToStringView())) return {};
    }
    if (at->status().ok()) return {};
    log_.error("the store cannot be read", {{"why", at->status().ToString()}});
    return std::unexpected(read_failure());
  }

 private:
  rocksdb::ReadOptions options() const {
    rocksdb::ReadOptions read;
    read.snapshot = snapshot_;
    return read;
  }
  rocksdb::DB& db_;
  Log& log_;
  const rocksdb::Snapshot* snapshot_;
};

class RocksStore final : public Store {
 public:
  RocksStore(std::unique_ptr<rocksdb::DB> db, std::unique_ptr<Acknowledged> acknowledged, Durability durability,
             Metrics& metrics, Log& log)
      : db_(std::move(db)),
        acknowledged_(std::move(acknowledged)),
        durability_(durability),
        log_(log),
        committer_(*db_, durability, *acknowledged_, metrics, log) {}
  ~RocksStore() override { static_cast<void>(RocksStore::close()); }

  std::unique_ptr<Snapshot> read() const override { return std::make_unique<RocksSnapshot>(*db_, log_); }

  Result<std::optional<std::string>> get(std::string_view key) const override {
    return get_from(*db_, rocksdb::ReadOptions(), key, log_);
  }

  asio::awaitable<Result<void>> commit(Batch batch) override {
    auto executor = co_await asio::this_coro::executor;
    auto start = [this, executor](auto handler, Batch taken) {
      // std::function needs what it holds to be copyable; a completion handler is not.
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      committer_.submit(std::move(taken), executor,
                        [shared](const Result<void>& result) { std::move (*shared)(result); });
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<void>)>(
        start, asio::use_awaitable, std::move(batch));
  }

  void commit_later(Batch batch, std::function<void(const Result<void>&)> done) override {
    committer_.submit(std::move(batch), {}, std::move(done));
  }

  Result<void> follow(std::string_view space, Follower& follower) override {
    const Key all(space);
    Result<void> read = RocksStore::read()->scan(all, all.end(), [&](std::string_view key, std::string_view value) {
      follower.put(key, value);
      return true;
    });
    if (read) committer_.follow(space, follower);
    return read;
  }

  Result<void> close() override {
    committer_.stop();
    if (closed_) return {};
    closed_ = true;
    if (durability_ != Durability::kMemory) {
      db_->Close().PermitUncheckedError();  // the log has everything
      return {};
    }
    rocksdb::Status status = db_->Flush(rocksdb::FlushOptions());
    const rocksdb::Status closed = db_->Close();
    if (status.ok()) status = closed;
    if (status.ok()) return {};
    return fail("StoreError", "The store could not be written out: " + status.ToString());
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<Acknowledged> acknowledged_;
  Durability durability_;
  Log& log_;
  Committer committer_;
  bool closed_ = false;
};

/// RocksDB has no code of its own for a lock that somebody holds, be it another process or this one.
bool is_locked(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  return status.IsIOError() && (text.find("While lock file") != std::string::npos ||
                                text.find("lock hold by current process") != std::string::npos);
}

/// Closes the folder to everybody but its owner: it holds messages, and the key of secrets. False when it stays open.
bool keep_private(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code problem;
  const fs::perms others = fs::perms::group_all | fs::perms::others_all;
  if ((fs::status(directory, problem).permissions() & others) == fs::perms::none) return true;
  fs::permissions(directory, others, fs::perm_options::remove, problem);
  return !problem;
}

std::string schema_key() {
  return Key("schema").bytes();
}

/// Writes this build's schema version into a new database and refuses one that a newer build wrote.
Result<void> check_schema(rocksdb::DB& db, const std::string& directory) {
  std::string value;
  const rocksdb::Status found = db.Get(rocksdb::ReadOptions(), schema_key(), &value);
  if (found.IsNotFound()) {
    rocksdb::WriteOptions options;
    options.sync = true;
    const rocksdb::Status written =
        db.Put(options, schema_key(), RecordWriter(kSchemaRecordVersion).number(kSchemaVersion).bytes());
    if (written.ok()) return {};
    return fail("StoreError", "The data in " + directory + " cannot be written: " + written.ToString());
  }
  if (!found.ok()) return fail("StoreError", "The data in " + directory + " cannot be read: " + found.ToString());
  RecordReader record(value, kSchemaRecordVersion);
  const std::uint64_t version = record.number();
  if (!record.complete()) {
    return fail("StoreError", "The data in " + directory + " cannot be read: its schema record is damaged.");
  }
  if (version > static_cast<std::uint64_t>(kSchemaVersion)) {
    return fail("StoreError", "The data in " + directory + " has schema version " + std::to_string(version) +
                                  ", newer than the " + std::to_string(kSchemaVersion) +
                                  " this build knows: start the build that wrote it, or a newer one.");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Store>> open_rocksdb(const Options& options, Metrics& metrics, Log& log) {
  std::error_code problem;
  std::filesystem::create_directories(options.directory, problem);
  if (problem) {
    return fail("StoreError", "The data directory " + options.directory + " cannot be made: " + problem.message());
  }
  if (!keep_private(options.directory)) {
    log.warning("others than its owner may read the data directory, and that cannot be changed",
                {{"directory", options.directory}});
  }
  auto acknowledged = std::make_unique<Acknowledged>(options.directory);
  const rocksdb::Options chosen = rocksdb_options(log);
  Result<void> whole = acknowledged->check_files(chosen);
  if (!whole) return std::unexpected(std::move(whole).error());
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(chosen, options.directory, &opened);
  if (!status.ok()) {
    if (is_locked(status)) {
      return fail("StoreError", "The data directory " + options.directory +
                                    " is in use by another process: stop that one, or choose another with --data.");
    }
    return fail("StoreError", "The data directory " + options.directory + " cannot be opened: " + status.ToString() +
                                  ". Put the folder back from a backup, or begin anew in another one (--data).");
  }
  std::unique_ptr<rocksdb::DB> db(opened);
  Result<void> checked = check_schema(*db, options.directory);
  if (!checked) return std::unexpected(std::move(checked).error());
  whole = acknowledged->check(*db);
  if (whole) whole = acknowledged->begin(*db, options.durability);
  if (!whole) return std::unexpected(std::move(whole).error());
  return std::make_unique<RocksStore>(std::move(db), std::move(acknowledged), options.durability, metrics, log);
}

}  // namespace signalbox::store
