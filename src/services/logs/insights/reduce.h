// What rows come to: the best of them, or figures of groups of them. Made part by part, on several threads, and merged.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "services/logs/insights/row.h"

namespace signalbox::logs::insights {

/// A row that is kept.
struct KeptRow {
  Pointer pointer;
  std::uint64_t serial = 0;  // orders rows that nothing else does
  std::vector<Cell> cells;   // by slot
  std::vector<Cell> order;   // what it is sorted by
};

/// Memory of what one query keeps: beyond it, it fails.
inline constexpr std::size_t kMaxKeptBytes = 128 * 1024 * 1024;

class Reduction {
 public:
  virtual ~Reduction() = default;
  virtual void add(Row& row) = 0;
  /// Takes over what another one of the same kind has.
  virtual void merge(Reduction& other) = 0;
  /// What has been come to so far, in order.
  virtual std::vector<KeptRow> rows() const = 0;
  /// Bytes of memory, about.
  virtual std::size_t bytes() const = 0;
};

/// How rows are sorted, and how many are wanted.
struct BestOf {
  std::vector<Sort::Key> order;  // empty: the latest first, or, where rows have no event, as they are
  std::vector<Expression> distinct;
  std::size_t limit = 0;
};
std::unique_ptr<Reduction> keep_best(const BestOf& best, bool latest_first);
std::unique_ptr<Reduction> keep_stats(const Stats& stats);

}  // namespace signalbox::logs::insights
