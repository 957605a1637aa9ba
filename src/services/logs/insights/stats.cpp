// stats: figures of groups of rows.
#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "services/logs/insights/quantiles.h"
#include "services/logs/insights/reduce.h"

namespace signalbox::logs::insights {
namespace {

/// One figure of one group.
struct Figure {
  std::uint64_t count = 0;
  double sum = 0;
  double mean = 0;  // and the sum of squares around it (Welford)
  double squares = 0;
  double time = 0;  // of `cell`, for earliest and latest
  Cell cell;
  std::unique_ptr<Quantiles> quantiles;
  std::unordered_set<std::uint64_t> distinct;  // hashes
};

class StatsReduction final : public Reduction {
 public:
  explicit StatsReduction(const Stats& stats) : stats_(stats) {}

  void add(Row& row) override {
    key_.clear();
    by_.clear();
    for (const Assignment& by : stats_.by) {
      by_.push_back(evaluate(by.expression, row));
      append_key(by_.back());
    }
    Group& group = group_of(key_);
    if (group.by.size() < by_.size()) {
      for (const Value& value : by_) group.by.emplace_back(value);
      for (const Cell& cell : group.by) bytes_ += sizeof cell + cell.text.size();
    }
    for (std::size_t i = 0; i < stats_.aggregations.size(); ++i) add(stats_.aggregations[i], group.figures[i], row);
    slots_ = row.size();
  }

  void merge(Reduction& other) override {
    auto& from = static_cast<StatsReduction&>(other);
    slots_ = std::max(slots_, from.slots_);
    for (auto& [key, group] : from.groups_) {
      const auto [at, is_new] = groups_.try_emplace(key);
      if (is_new) {
        bytes_ += group_bytes(key);
        for (const Cell& cell : group.by) bytes_ += sizeof cell + cell.text.size();
        at->second = std::move(group);
        for (const Figure& figure : at->second.figures) bytes_ += figure_bytes(figure);
        continue;
      }
      for (std::size_t i = 0; i < stats_.aggregations.size(); ++i) {
        const std::size_t before = figure_bytes(at->second.figures[i]);
        join(stats_.aggregations[i].aggregate, at->second.figures[i], group.figures[i]);
        bytes_ += figure_bytes(at->second.figures[i]) - before;
      }
    }
    from.groups_.clear();
    from.bytes_ = 0;
  }

  std::vector<KeptRow> rows() const override {
    std::vector<KeptRow> rows;
    const auto make = [&](const Group& group) {
      KeptRow& row = rows.emplace_back();
      row.cells.resize(slots_);
      for (std::size_t i = 0; i < stats_.by.size(); ++i) set(row, stats_.by[i].slot, group.by[i]);
      for (std::size_t i = 0; i < stats_.aggregations.size(); ++i) {
        const Aggregation& aggregation = stats_.aggregations[i];
        set(row, aggregation.slot, result_of(aggregation, group.figures[i]));
      }
      row.order = group.by;
    };
    for (const auto& [key, group] : groups_) make(group);
    // Without groups there is one row, also of nothing.
    if (groups_.empty() && stats_.by.empty()) make(Group{{}, std::vector<Figure>(stats_.aggregations.size())});
    std::ranges::sort(rows, [](const KeptRow& a, const KeptRow& b) {
      return std::ranges::lexicographical_compare(
          a.order, b.order, [](const Cell& x, const Cell& y) { return compare(x.value(), y.value()) < 0; });
    });
    return rows;
  }

  std::size_t bytes() const override { return bytes_; }

 private:
  struct Group {
    std::vector<Cell> by;
    std::vector<Figure> figures;
  };

  std::size_t group_bytes(const std::string& key) const {
    return sizeof(Group) + key.size() + 64 + stats_.aggregations.size() * sizeof(Figure);
  }
  static std::size_t figure_bytes(const Figure& figure) {
    return figure.cell.text.size() + figure.distinct.size() * 32 + (figure.quantiles ? figure.quantiles->bytes() : 0);
  }
  static void set(KeptRow& row, std::size_t slot, Cell cell) {
    if (row.cells.size() <= slot) row.cells.resize(slot + 1);
    row.cells[slot] = std::move(cell);
  }

  void append_key(const Value& value) {
    if (value.kind == Value::Kind::kText) {
      key_.push_back('t');
      key_ += std::to_string(value.text.size());
      key_.push_back(':');
      key_ += value.text;
    } else if (value.is_null()) {
      key_.push_back('-');
    } else {
      key_.push_back('n');
      key_.append(reinterpret_cast<const char*>(&value.number), sizeof value.number);
    }
  }
  Group& group_of(const std::string& key) {
    const auto found = groups_.find(key);
    if (found != groups_.end()) return found->second;
    bytes_ += group_bytes(key);
    Group& group = groups_[key];
    group.figures.resize(stats_.aggregations.size());
    return group;
  }

  void add(const Aggregation& aggregation, Figure& figure, Row& row) {
    if (!aggregation.argument) {
      ++figure.count;
      return;
    }
    const Value value = evaluate(*aggregation.argument, row);
    if (value.is_null()) return;
    const std::size_t before = figure_bytes(figure);
    switch (aggregation.aggregate) {
      case Aggregate::kCount:
        ++figure.count;
        return;
      case Aggregate::kCountDistinct:
        figure.distinct.insert(std::hash<std::string_view>()(to_text(value, row.arena())));
        break;
      case Aggregate::kMin:
      case Aggregate::kMax:
        if (to_number(value)) keep_extreme(figure, value, aggregation.aggregate == Aggregate::kMin);
        break;
      case Aggregate::kFirst:
      case Aggregate::kLast:
        keep_extreme(figure, value, aggregation.aggregate == Aggregate::kFirst);
        break;
      case Aggregate::kEarliest:
      case Aggregate::kLatest:
        keep_timed(figure, value, static_cast<double>(row.pointer().time),
                   aggregation.aggregate == Aggregate::kEarliest);
        break;
      case Aggregate::kPercentile:
        if (const auto number = to_number(value)) {
          if (!figure.quantiles) figure.quantiles = std::make_unique<Quantiles>();
          figure.quantiles->add(*number);
        }
        break;
      default:
        if (const auto number = to_number(value)) add_number(figure, *number);
        return;
    }
    bytes_ += figure_bytes(figure) - before;
  }

  static void add_number(Figure& figure, double number) {
    ++figure.count;
    figure.sum += number;
    const double off = number - figure.mean;
    figure.mean += off / static_cast<double>(figure.count);
    figure.squares += off * (number - figure.mean);
  }
  static void keep_extreme(Figure& figure, const Value& value, bool least) {
    const int order = figure.count == 0 ? 0 : compare(value, figure.cell.value());
    if (figure.count++ == 0 || (least ? order < 0 : order > 0)) figure.cell = Cell(value);
  }
  static void keep_timed(Figure& figure, const Value& value, double time, bool earliest) {
    if (figure.count++ > 0 && (earliest ? time >= figure.time : time < figure.time)) return;
    figure.cell = Cell(value);
    figure.time = time;
  }

  static void join(Aggregate aggregate, Figure& into, Figure& from) {
    if (from.count == 0 && !from.quantiles && from.distinct.empty()) return;
    switch (aggregate) {
      case Aggregate::kCountDistinct:
        into.distinct.merge(from.distinct);
        return;
      case Aggregate::kMin:
      case Aggregate::kFirst:
        return keep_extreme(into, from.cell.value(), true);
      case Aggregate::kMax:
      case Aggregate::kLast:
        return keep_extreme(into, from.cell.value(), false);
      case Aggregate::kEarliest:
      case Aggregate::kLatest:
        return keep_timed(into, from.cell.value(), from.time, aggregate == Aggregate::kEarliest);
      case Aggregate::kPercentile:
        if (!into.quantiles) into.quantiles = std::make_unique<Quantiles>();
        into.quantiles->merge(*from.quantiles);
        return;
      default:
        break;
    }
    const auto a = static_cast<double>(into.count);
    const auto b = static_cast<double>(from.count);
    const double off = from.mean - into.mean;
    into.squares += from.squares + off * off * a * b / (a + b);
    into.mean += off * b / (a + b);
    into.count += from.count;
    into.sum += from.sum;
  }

  static Cell result_of(const Aggregation& aggregation, const Figure& figure) {
    const auto count = static_cast<double>(figure.count);
    switch (aggregation.aggregate) {
      case Aggregate::kCount:
        return Cell(Value::of(count));
      case Aggregate::kCountDistinct:
        return Cell(Value::of(static_cast<double>(figure.distinct.size())));
      case Aggregate::kPercentile:
        return figure.quantiles ? Cell(Value::of(figure.quantiles->at(aggregation.percentile))) : Cell();
      case Aggregate::kSum:
        return figure.count == 0 ? Cell() : Cell(Value::of(figure.sum));
      case Aggregate::kAverage:
        return figure.count == 0 ? Cell() : Cell(Value::of(figure.sum / count));
      case Aggregate::kDeviation:
        return figure.count == 0 ? Cell() : Cell(Value::of(std::sqrt(figure.squares / count)));
      default:
        return figure.cell;
    }
  }

  const Stats& stats_;
  std::unordered_map<std::string, Group> groups_;
  std::string key_;
  std::vector<Value> by_;
  std::size_t slots_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<Reduction> keep_stats(const Stats& stats) {
  return std::make_unique<StatsReduction>(stats);
}

}  // namespace signalbox::logs::insights
