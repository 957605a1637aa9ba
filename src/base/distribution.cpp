#include "base/distribution.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace signalbox {
namespace {

/// The ratio of a bucket's bounds at the first width: 1% around its middle.
constexpr double kGamma = 1.02;
/// No more is needed for all doubles to fit.
constexpr std::uint8_t kMaxWidth = 12;

void put_double(std::string& out, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  char bytes[sizeof bits];
  std::memcpy(bytes, &bits, sizeof bits);
  out.append(bytes, sizeof bits);
}

bool take_double(std::string_view& bytes, double& value) {
  std::uint64_t bits = 0;
  if (bytes.size() < sizeof bits) return false;
  std::memcpy(&bits, bytes.data(), sizeof bits);
  bytes.remove_prefix(sizeof bits);
  value = std::bit_cast<double>(bits);
  return true;
}

}  // namespace

void Distribution::add(double value, double times) {
  minimum_ = empty() ? value : std::min(minimum_, value);
  maximum_ = empty() ? value : std::max(maximum_, value);
  count_ += times;
  sum_ += value * times;
  if (!summarised_) insert(value, times);
}

void Distribution::add(const Distribution& other) {
  if (other.empty()) return;
  minimum_ = empty() ? other.minimum_ : std::min(minimum_, other.minimum_);
  maximum_ = empty() ? other.maximum_ : std::max(maximum_, other.maximum_);
  count_ += other.count_;
  sum_ += other.sum_;
  if (other.summarised_) summarised_ = true;
  if (summarised_) {
    bins_.clear();
    return;
  }
  while (width_ < other.width_) widen();
  for (const Bin& bin : other.bins_) insert(bin.value, bin.count);
}

void Distribution::add_statistics(double count, double sum, double minimum, double maximum) {
  Distribution other;
  if (minimum == maximum || count == 1) {
    other.add(minimum, count);
  } else {
    other.summarised_ = true;
  }
  other.count_ = count;
  other.sum_ = sum;
  other.minimum_ = minimum;
  other.maximum_ = maximum;
  add(other);
}

double Distribution::representative(double value) const {
  if (width_ == 0 || value == 0) return value;
  const double ratio = std::log(kGamma) * std::ldexp(1.0, width_ - 1);
  const double bucket = std::ceil(std::log(std::abs(value)) / ratio);
  // The middle of (gamma^(bucket-1), gamma^bucket], by relative error.
  const double gamma = std::exp(ratio);
  const double middle = std::exp((bucket - 1) * ratio) * (2 * gamma / (1 + gamma));
  return std::copysign(std::isfinite(middle) ? middle : std::abs(value), value);
}

void Distribution::insert(double value, double times) {
  value = representative(value);
  const auto place = std::ranges::lower_bound(bins_, value, {}, &Bin::value);
  if (place != bins_.end() && place->value == value) {
    place->count += times;
    return;
  }
  bins_.insert(place, {value, times});
  while (bins_.size() > (width_ == 0 ? kMaxExact : kMaxBins) && width_ < kMaxWidth) widen();
}

void Distribution::widen() {
  ++width_;
  std::vector<Bin> before;
  before.swap(bins_);
  for (const Bin& bin : before) {
    const double value = representative(bin.value);
    if (!bins_.empty() && bins_.back().value == value) {
      bins_.back().count += bin.count;
    } else {
      bins_.push_back({value, bin.count});
    }
  }
}

void Distribution::append_to(std::string& out) const {
  out.push_back(static_cast<char>(width_ | (summarised_ ? 0x80 : 0)));
  const auto bins = static_cast<std::uint16_t>(bins_.size());
  out.push_back(static_cast<char>(bins & 0xFFU));
  out.push_back(static_cast<char>(bins >> 8U));
  for (const double part : {count_, sum_, minimum_, maximum_}) put_double(out, part);
  for (const Bin& bin : bins_) {
    put_double(out, bin.value);
    put_double(out, bin.count);
  }
}

bool Distribution::read_from(std::string_view& bytes) {
  *this = {};
  if (bytes.size() < 3) return false;
  const auto flags = static_cast<std::uint8_t>(bytes[0]);
  const std::size_t bins =
      static_cast<std::uint8_t>(bytes[1]) | static_cast<std::size_t>(static_cast<std::uint8_t>(bytes[2])) << 8U;
  bytes.remove_prefix(3);
  width_ = flags & 0x7FU;
  summarised_ = (flags & 0x80U) != 0;
  if (width_ > kMaxWidth || bins > kMaxBins) return false;
  for (double* part : {&count_, &sum_, &minimum_, &maximum_}) {
    if (!take_double(bytes, *part)) return false;
  }
  bins_.resize(bins);
  for (Bin& bin : bins_) {
    if (!take_double(bytes, bin.value) || !take_double(bytes, bin.count)) return false;
  }
  return true;
}

}  // namespace signalbox
