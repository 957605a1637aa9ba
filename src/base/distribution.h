// How the samples of a metric are distributed: count, sum, extremes, and percentiles from bounded memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox {

/// Samples by their values. Exact while there are few different values; beyond, values that are within about 1% of each
/// other count as one (the logarithmic buckets of Masson, Rim and Lee, "DDSketch", VLDB 2019), and where that is still
/// too many, buckets grow twice as wide as often as it takes (Epicoco et al., "UDDSketch", 2020). Count, sum, minimum
/// and maximum are always exact. Two of them add up to what one of all the samples would be.
class Distribution {
 public:
  /// `times` may be any number above 0.
  void add(double value, double times = 1);
  void add(const Distribution& other);
  /// A statistic set: samples of which only this is known. It has no values, as has everything it is added to.
  void add_statistics(double count, double sum, double minimum, double maximum);

  bool empty() const { return count_ == 0; }
  double count() const { return count_; }
  double sum() const { return sum_; }
  double minimum() const { return minimum_; }
  double maximum() const { return maximum_; }
  double average() const { return sum_ / count_; }

  /// False when a statistic set is in it that is not one value only: then it has no percentiles.
  bool has_values() const { return !summarised_; }
  struct Bin {
    double value;
    double count;
  };
  /// Ascending; together they have all samples. Where values are not exact, the outer ones may lie beyond the extremes.
  std::span<const Bin> bins() const { return bins_; }

  /// Different values kept exactly, and bins kept at most.
  static constexpr std::size_t kMaxExact = 128;
  static constexpr std::size_t kMaxBins = 1024;

  /// As bytes, for the store.
  void append_to(std::string& out) const;
  /// Reads what append_to wrote from the start of `bytes` and takes it away. False on bytes that are no such thing.
  bool read_from(std::string_view& bytes);

 private:
  void insert(double value, double times);
  void widen();
  double representative(double value) const;

  double count_ = 0;
  double sum_ = 0;
  double minimum_ = 0;
  double maximum_ = 0;
  std::uint8_t width_ = 0;  // 0: exact; each step more doubles the buckets' width
  bool summarised_ = false;
  std::vector<Bin> bins_;
};

}  // namespace signalbox
