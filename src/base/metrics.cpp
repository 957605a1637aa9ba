#include "base/metrics.h"

#include <fmt/format.h>

#include <bit>

namespace signalbox {
namespace {

std::string braced(std::string_view labels, std::string_view more = "") {
  if (labels.empty() && more.empty()) return "";
  return fmt::format("{{{}{}{}}}", labels, labels.empty() || more.empty() ? "" : ",", more);
}

}  // namespace

void Histogram::record(std::chrono::nanoseconds took) {
  const auto nanoseconds = static_cast<std::uint64_t>(took.count() < 0 ? 0 : took.count());
  const std::uint64_t microseconds = (nanoseconds + 999) / 1000;
  // Bucket i holds what is at most 2^i microseconds.
  const auto bucket = microseconds <= 1 ? 0 : static_cast<std::size_t>(std::bit_width(microseconds - 1));
  buckets_[std::min(bucket, kBuckets)].fetch_add(1, std::memory_order_relaxed);
  sum_nanoseconds_.fetch_add(nanoseconds, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
  std::uint64_t total = 0;
  for (const auto& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
  return total;
}

void Histogram::expose(std::string& out, std::string_view name, std::string_view labels) const {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    total += buckets_[i].load(std::memory_order_relaxed);
    const auto bound = fmt::format("le=\"{:g}\"", static_cast<double>(1ULL << i) * 1e-6);
    out += fmt::format("{}_bucket{} {}\n", name, braced(labels, bound), total);
  }
  total += buckets_[kBuckets].load(std::memory_order_relaxed);
  out += fmt::format("{}_bucket{} {}\n", name, braced(labels, "le=\"+Inf\""), total);
  const auto sum = static_cast<double>(sum_nanoseconds_.load(std::memory_order_relaxed)) * 1e-9;
  out += fmt::format("{}_sum{} {:.9f}\n{}_count{} {}\n", name, braced(labels), sum, name, braced(labels), total);
}

Counter& Metrics::counter(std::string name, std::string_view help, std::string labels) {
  const std::lock_guard lock(mutex_);
  Family& family = families_[std::move(name)];
  family.help = help;
  family.type = "counter";
  auto& counter = family.counters[std::move(labels)];
  if (!counter) counter = std::make_unique<Counter>();
  return *counter;
}

Histogram& Metrics::histogram(std::string name, std::string_view help, std::string labels) {
  const std::lock_guard lock(mutex_);
  Family& family = families_[std::move(name)];
  family.help = help;
  family.type = "histogram";
  auto& histogram = family.histograms[std::move(labels)];
  if (!histogram) histogram = std::make_unique<Histogram>();
  return *histogram;
}

void Metrics::gauge(std::string name, std::string_view help, std::function<double()> read, std::string labels) {
  const std::lock_guard lock(mutex_);
  Family& family = families_[std::move(name)];
  family.help = help;
  family.type = "gauge";
  family.gauges[std::move(labels)] = std::move(read);
}

std::string Metrics::expose() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, family.help, name, family.type);
    for (const auto& [labels, counter] : family.counters) {
      out += fmt::format("{}{} {}\n", name, braced(labels), counter->value());
    }
    for (const auto& [labels, read] : family.gauges) out += fmt::format("{}{} {:g}\n", name, braced(labels), read());
    for (const auto& [labels, histogram] : family.histograms) histogram->expose(out, name, labels);
  }
  return out;
}

}  // namespace signalbox
