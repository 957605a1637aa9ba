// Records of one kind that are all in memory: the store's are the truth, and memory follows them, alike at start, at a
// commit and when another's log is read (store::Follower). Nobody else changes a table.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/log.h"
#include "base/result.h"
#include "store/key.h"
#include "store/store.h"

namespace signalbox::cloud {

/// `Row` is what memory has of a record, never changed and replaced as a whole. It has an `id`, or is one (derived from
/// it), of the type Row::Id, which says its key (store::key_of). Any thread.
template <class Row>
class Table final : private store::Follower {
 public:
  using Id = typename Row::Id;
  using RowPtr = std::shared_ptr<const Row>;
  /// Makes the row of a record: quickly, on the committer's thread. Errors: it cannot be read.
  using Read = std::function<Result<RowPtr>(Id id, std::string_view value)>;

  /// `changed` is called after each change, on the committer's thread.
  Table(std::string_view space, Log& log, Read read, std::function<void()> changed = {})
      : space_(space), log_(log), read_(std::move(read)), changed_(std::move(changed)) {}

  /// Reads what there is. A record that cannot be read is left out, and the log says so: its bytes stay in the store
  /// until its key is written again. Errors: those of the disk.
  Result<void> follow(store::Store& store) { return store.follow(space_, *this); }

  /// Null when there is none.
  RowPtr find(const Id& id) const {
    const std::shared_lock lock(mutex_);
    const auto found = rows_.find(id);
    return found == rows_.end() ? nullptr : *found;
  }

  /// Visits the rows from `from` on, by id, until `visit` returns false. `visit` is not to call back.
  void each_from(const Id& from, const std::function<bool(const RowPtr&)>& visit) const {
    const std::shared_lock lock(mutex_);
    for (auto at = rows_.lower_bound(from); at != rows_.end(); ++at) {
      if (!visit(*at)) return;
    }
  }

  /// The key of a row, for batches.
  store::Key key(const Id& id) const { return store::key_of(space_, id); }

 private:
  struct ById {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return id_of(a) < id_of(b);
    }
  };
  static const Id& id_of(const Id& id) { return id; }
  static const Id& id_of(const RowPtr& row) {
    if constexpr (std::is_base_of_v<Id, Row>) {
      return *row;
    } else {
      return row->id;
    }
  }

  void put(std::string_view key, std::string_view value) override {
    auto id = store::id_of<Id>(key);
    Result<RowPtr> row = id ? read_(*std::move(id), value) : Result<RowPtr>(fail("", "its key is none"));
    if (!row) {
      return log_.error("a record cannot be read and is left out", {{"records", space_}, {"why", row.error().message}});
    }
    {
      const std::unique_lock lock(mutex_);
      if (const auto found = rows_.find(id_of(*row)); found != rows_.end()) rows_.erase(found);
      rows_.insert(*std::move(row));
    }
    if (changed_) changed_();
  }

  void erase(std::string_view key) override {
    const auto id = store::id_of<Id>(key);
    if (!id) return;
    {
      const std::unique_lock lock(mutex_);
      if (const auto found = rows_.find(*id); found != rows_.end()) rows_.erase(found);
    }
    if (changed_) changed_();
  }

  void erase_range(std::string_view from, std::string_view to) override {
    {
      const std::unique_lock lock(mutex_);
      std::erase_if(rows_, [&](const RowPtr& row) {
        const store::Key its = key(id_of(row));
        return from <= its.bytes() && its.bytes() < to;
      });
    }
    if (changed_) changed_();
  }

  const std::string space_;
  Log& log_;
  const Read read_;
  const std::function<void()> changed_;
  mutable std::shared_mutex mutex_;
  std::set<RowPtr, ById> rows_;
};

}  // namespace signalbox::cloud
