// Percentiles of many numbers: exact of few, then in buckets of which each is one percent wide.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace signalbox::logs::insights {

class Quantiles {
 public:
  void add(double number, std::uint64_t times = 1);
  void merge(const Quantiles& other);
  /// Of at least one number; `percent` from 0 to 100. Between the two nearest numbers, in proportion, while exact.
  double at(double percent) const;
  std::size_t bytes() const { return few_.size() * sizeof(double) + buckets_.size() * 48; }

 private:
  static constexpr std::size_t kFew = 4096;
  void spill();
  mutable std::vector<double> few_;
  std::map<std::int32_t, std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
};

}  // namespace signalbox::logs::insights
