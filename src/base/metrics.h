// Counters, gauges and latency histograms, exposed as Prometheus text.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace signalbox {

class Counter {
 public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Durations in buckets that double from 1 µs to about 67 s.
class Histogram {
 public:
  static constexpr std::size_t kBuckets = 27;
  void record(std::chrono::nanoseconds took);
  std::uint64_t count() const;
  /// Appends the `_bucket`, `_sum` and `_count` lines; `labels` is "" or `name="value",...`.
  void expose(std::string& out, std::string_view name, std::string_view labels) const;

 private:
  std::array<std::atomic<std::uint64_t>, kBuckets + 1> buckets_{};
  std::atomic<std::uint64_t> sum_nanoseconds_{0};
};

/// Owns every metric; look a metric up once and keep the reference: references stay valid for the registry's life.
/// `labels` is "" or Prometheus label text without braces: `service="sqs",operation="SendMessage"`.
class Metrics {
 public:
  Counter& counter(std::string name, std::string_view help, std::string labels = "");
  Histogram& histogram(std::string name, std::string_view help, std::string labels = "");
  /// Asked for its value at every exposition.
  void gauge(std::string name, std::string_view help, std::function<double()> read, std::string labels = "");
  /// The whole registry in Prometheus text format 0.0.4.
  std::string expose() const;

 private:
  struct Family {
    std::string help;
    const char* type;
    std::map<std::string, std::unique_ptr<Counter>> counters;
    std::map<std::string, std::unique_ptr<Histogram>> histograms;
    std::map<std::string, std::function<double()>> gauges;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Family> families_;
};

}  // namespace signalbox
