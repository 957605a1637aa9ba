// Every metric's samples: rolled up by time, durable, bounded (docs/decisions/0011-metric-storage.md).
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/distribution.h"
#include "cloud/measures.h"
#include "cloud/services.h"
#include "store/key.h"

namespace signalbox::cloudwatch {

namespace asio = boost::asio;
using cloud::MetricId;

/// One roll-up: what a bucket holds, and how long it is kept ("Metrics retention" in the CloudWatch User Guide).
struct Tier {
  std::int64_t seconds;
  std::chrono::hours kept;
};
inline constexpr Tier kTiers[] = {{1, std::chrono::hours(3)},
                                  {60, std::chrono::hours(15 * 24)},
                                  {300, std::chrono::hours(63 * 24)},
                                  {3600, std::chrono::hours(455 * 24)}};

/// What was put for a metric at a time.
struct Sample {
  MetricId metric;
  std::string unit;
  Time time;
  bool high_resolution = false;
  Distribution samples;
};

struct Bucket {
  Time time;  // its start
  Distribution samples;
};

struct ListedMetric {
  MetricId metric;
  Time last;  // the time of its last sample
};

class MetricStore {
 public:
  explicit MetricStore(const cloud::House& house);
  ~MetricStore();

  /// Before the shards run. Errors: code "StoreError".
  Result<void> load();

  /// Makes the samples durable, then visible: all of them or, on an error of the store, none. They are of one account,
  /// Region and namespace. Any thread. Errors: LimitExceeded for a metric too many.
  asio::awaitable<Result<void>> put(std::vector<Sample> samples);

  /// The metric's buckets of `period` from `start` on, before `end`, that have samples, in each of its units or in one.
  /// `start` and `period` are whole seconds. Any thread.
  Result<std::map<std::string, std::vector<Bucket>>> read(const MetricId& metric,
                                                          const std::optional<std::string>& unit, Time start, Time end,
                                                          Duration period) const;

  /// Up to `most` metrics after `after`, in order, for which `wanted` is true. Any thread.
  std::vector<ListedMetric> list(const cloud::Scope& scope, const std::optional<std::string>& name_space,
                                 const std::optional<MetricId>& after, std::size_t most,
                                 const std::function<bool(const ListedMetric&)>& wanted) const;

  /// The time of the metric's last sample; the start of the epoch where there is none.
  Time last_of(const MetricId& metric) const;

  /// `arrived` is called, on any thread, after samples of a metric that is watched have become visible.
  void on_arrival(std::function<void(const MetricId&)> arrived) { arrived_ = std::move(arrived); }
  void watch(const MetricId& metric);
  void unwatch(const MetricId& metric);

  static constexpr std::size_t kMaxSeries = 1'000'000;

 private:
  struct Series;
  struct Generation;
  struct Stripe;
  struct Entry;
  /// A series, and what it is called.
  struct Named {
    const MetricId* metric;
    const std::string* unit;
    Series* series;
  };

  Stripe& stripe_of(const MetricId& metric) const;
  Result<std::vector<Entry>> enter(Stripe& stripe, std::vector<Sample> samples, store::Batch& batch);
  void apply(Stripe& stripe, Generation& generation, std::vector<Entry> entries, std::vector<MetricId>& watched);
  void flush_soon(Stripe& stripe);
  asio::awaitable<void> flush(Stripe& stripe);
  asio::awaitable<Result<void>> write_out(Stripe& stripe, const Generation& generation);
  void sweep_later(Stripe& stripe);
  asio::awaitable<void> sweep(Stripe& stripe);
  Result<void> load_series(std::string_view value);
  Result<void> load_put(std::string_view key, std::string_view value);

  static constexpr std::size_t kStripes = 16;
  const cloud::House& house_;
  std::function<void(const MetricId&)> arrived_;
  std::atomic<std::uint64_t> next_id_{1};
  std::atomic<std::size_t> series_count_{0};
  std::array<std::unique_ptr<Stripe>, kStripes> stripes_;
  std::map<std::uint64_t, Named> loading_;  // by id, while loading
  Counter& samples_;
  Counter& flushed_;
};

}  // namespace signalbox::cloudwatch
