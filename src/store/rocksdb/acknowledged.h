// What was acknowledged, told by another file than RocksDB's own: so that a log of writes whose end is gone is known.
#pragma once

#include <rocksdb/db.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/store.h"

namespace signalbox::store {

/// A file beside the data that holds the number of the newest change that was acknowledged, and how long the log was
/// then. RocksDB takes a log that is cut, or not there, for one that was never longer; with this its start is refused.
/// Written after the log, and not synced: it may lag behind after power is lost, and never is ahead.
class Acknowledged {
 public:
  explicit Acknowledged(std::string directory);
  ~Acknowledged();
  Acknowledged(const Acknowledged&) = delete;

  /// Before RocksDB opens the folder; changes nothing there. Errors (code "StoreError"): files are missing or cut of
  /// what was acknowledged, or the mark is damaged; the text says what to do.
  Result<void> check_files(const rocksdb::Options& options) const;
  /// When it is open. Errors as above.
  Result<void> check(const rocksdb::DB& db) const;

  /// From now on `note` writes, for that durability. Errors: the file cannot be written.
  Result<void> begin(rocksdb::DB& db, Durability durability);
  /// All that `db` holds is acknowledged. On the committer's thread. False where that cannot be written: the mark stays
  /// behind, as it may.
  bool note(rocksdb::DB& db);

 private:
  struct Mark {
    std::uint64_t sequence = 0;
    std::uint64_t log_number = 0;
    std::uint64_t log_bytes = 0;
    bool survives_power_loss = false;
    std::string boot;  // which start of the machine wrote it
  };
  static std::string text_of(const Mark& mark);
  static std::optional<Mark> read(const std::string& text);
  std::optional<std::string> contents() const;
  /// What holds now: empty for none, or one that a machine's end may have made worthless.
  std::optional<Mark> valid() const;
  Result<void> refuse(const std::string& what) const;

  const std::string directory_;
  const std::string path_;
  int file_ = -1;
  Mark mark_;
};

}  // namespace signalbox::store
