#include "services/logs/insights/quantiles.h"

#include <algorithm>
#include <cmath>

namespace signalbox::logs::insights {
namespace {

// DDSketch (Masson, Rim, Lee 2019): a bucket a power of gamma, so that errors are relative. Here half a percent.
constexpr double kGamma = 1.01;
constexpr double kLeast = 1e-9;  // nearer to 0 is 0
constexpr std::int32_t kOffset = 10'000;

std::int32_t bucket_of(double number) {
  const double size = std::abs(number);
  if (!(size > kLeast)) return 0;
  const auto place = static_cast<std::int32_t>(std::ceil(std::log(std::min(size, 1e30)) / std::log(kGamma))) + kOffset;
  return number < 0 ? -place : place;
}

double middle_of(std::int32_t bucket) {
  if (bucket == 0) return 0;
  const double size = 2 * std::pow(kGamma, std::abs(bucket) - kOffset) / (kGamma + 1);
  return bucket < 0 ? -size : size;
}

}  // namespace

void Quantiles::add(double number, std::uint64_t times) {
  count_ += times;
  if (buckets_.empty() && few_.size() + times <= kFew) {
    few_.insert(few_.end(), times, number);
    return;
  }
  spill();
  buckets_[bucket_of(number)] += times;
}

void Quantiles::spill() {
  for (const double number : few_) ++buckets_[bucket_of(number)];
  few_.clear();
}

void Quantiles::merge(const Quantiles& other) {
  for (const double number : other.few_) add(number);
  if (other.buckets_.empty()) return;
  spill();
  for (const auto& [bucket, count] : other.buckets_) {
    buckets_[bucket] += count;
    count_ += count;
  }
}

double Quantiles::at(double percent) const {
  const double rank = percent / 100 * static_cast<double>(count_ - 1);
  if (buckets_.empty()) {
    std::ranges::sort(few_);
    const auto below = static_cast<std::size_t>(rank);
    const std::size_t above = std::min(below + 1, few_.size() - 1);
    return few_[below] + (few_[above] - few_[below]) * (rank - std::floor(rank));
  }
  double seen = 0;
  for (const auto& [bucket, count] : buckets_) {
    seen += static_cast<double>(count);
    if (seen > rank) return middle_of(bucket);
  }
  return middle_of(buckets_.rbegin()->first);
}

}  // namespace signalbox::logs::insights
