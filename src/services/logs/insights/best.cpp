// The best rows: sorted, distinct, so many.
#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "services/logs/insights/reduce.h"

namespace signalbox::logs::insights {
namespace {

std::size_t bytes_of(const KeptRow& row) {
  std::size_t bytes = sizeof row;
  for (const Cell& cell : row.cells) bytes += sizeof cell + cell.text.size();
  for (const Cell& cell : row.order) bytes += sizeof cell + cell.text.size();
  return bytes;
}

/// Parts of a key, so that no two lists of texts give the same.
std::string key_of(const std::vector<Expression>& expressions, Row& row) {
  std::string key;
  for (const Expression& expression : expressions) {
    const std::string text = to_text(evaluate(expression, row));
    key += std::to_string(text.size()) + ":" + text;
  }
  return key;
}

class Best final : public Reduction {
 public:
  Best(const BestOf& best, bool latest_first) : best_(best), latest_first_(latest_first) {}

  void add(Row& row) override {
    KeptRow kept;
    kept.pointer = row.pointer();
    kept.serial = serial_++;
    for (const Sort::Key& key : best_.order) kept.order.emplace_back(evaluate(key.expression, row));
    if (!best_.distinct.empty()) return add_distinct(key_of(best_.distinct, row), std::move(kept), row);
    if (rows_.size() == best_.limit && !is_before(kept, rows_.front())) return;
    fill(kept, row);
    push(std::move(kept));
  }

  void merge(Reduction& other) override {
    auto& from = static_cast<Best&>(other);
    for (auto& [key, kept] : from.distinct_) take_distinct(key, std::move(kept));
    for (KeptRow& kept : from.rows_) push(std::move(kept));
    from.distinct_.clear();
    from.rows_.clear();
    from.bytes_ = 0;
  }

  std::vector<KeptRow> rows() const override {
    std::vector<KeptRow> sorted = rows_;
    for (const auto& [key, kept] : distinct_) sorted.push_back(kept);
    std::ranges::sort(sorted, [this](const KeptRow& a, const KeptRow& b) { return is_before(a, b); });
    if (sorted.size() > best_.limit) sorted.resize(best_.limit);
    return sorted;
  }

  std::size_t bytes() const override { return bytes_; }

 private:
  bool is_before(const KeptRow& a, const KeptRow& b) const {
    for (std::size_t i = 0; i < best_.order.size(); ++i) {
      const int order = compare(a.order[i].value(), b.order[i].value());
      if (order != 0) return best_.order[i].descending ? order > 0 : order < 0;
    }
    const auto place = [](const KeptRow& row) {
      return std::tuple(row.pointer.time, row.pointer.number, row.pointer.group);
    };
    return latest_first_ ? place(a) > place(b) : a.serial < b.serial;
  }
  void fill(KeptRow& kept, Row& row) {
    for (std::size_t slot = 0; slot < row.size(); ++slot) kept.cells.emplace_back(row.get(slot));
  }
  /// A heap whose front is the one that goes first.
  void push(KeptRow kept) {
    const auto before = [this](const KeptRow& a, const KeptRow& b) { return is_before(a, b); };
    bytes_ += bytes_of(kept);
    rows_.push_back(std::move(kept));
    std::ranges::push_heap(rows_, before);
    if (rows_.size() <= best_.limit) return;
    std::ranges::pop_heap(rows_, before);
    bytes_ -= bytes_of(rows_.back());
    rows_.pop_back();
  }
  void add_distinct(std::string key, KeptRow kept, Row& row) {
    const auto found = distinct_.find(key);
    if (found != distinct_.end() && !is_before(kept, found->second)) return;
    fill(kept, row);
    take_distinct(key, std::move(kept));
  }
  void take_distinct(const std::string& key, KeptRow kept) {
    const std::size_t bytes = bytes_of(kept);
    const auto [at, is_new] = distinct_.try_emplace(key, std::move(kept));
    if (is_new) {
      bytes_ += bytes + key.size();
    } else if (is_before(kept, at->second)) {
      bytes_ += bytes;
      bytes_ -= bytes_of(at->second);
      at->second = std::move(kept);
    }
  }

  const BestOf& best_;
  const bool latest_first_;
  std::vector<KeptRow> rows_;
  std::unordered_map<std::string, KeptRow> distinct_;
  std::size_t bytes_ = 0;
  std::uint64_t serial_ = 0;
};

}  // namespace

std::unique_ptr<Reduction> keep_best(const BestOf& best, bool latest_first) {
  return std::make_unique<Best>(best, latest_first);
}

}  // namespace signalbox::logs::insights
