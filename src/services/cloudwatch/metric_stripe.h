// What a part of the metric store is made of.
#pragma once

#include "services/cloudwatch/metric_store.h"

namespace signalbox::cloudwatch {

inline constexpr std::string_view kSeriesSpace = "cloudwatch.series";
inline constexpr std::string_view kPutSpace = "cloudwatch.put";
inline constexpr std::string_view kDataSpace = "cloudwatch.data";
inline constexpr std::string_view kFlushedSpace = "cloudwatch.flushed";
inline constexpr std::uint8_t kSeriesVersion = 1;
inline constexpr std::uint8_t kPutVersion = 1;
inline constexpr std::uint8_t kFlushedVersion = 1;

/// A metric in one unit.
struct MetricStore::Series {
  std::uint64_t id = 0;
  Time last{};
  bool recorded = false;  // its record is in the store
};

/// Where samples go: the base resolution of their time, 1 or 60 seconds.
struct Place {
  std::uint64_t series;
  std::int64_t resolution;
  std::int64_t second;
  auto operator<=>(const Place&) const = default;
};

struct MetricStore::Entry {
  Place place;
  Named named;
  Distribution samples;
};

/// Samples that are in the store as they were put, and not in the roll-ups yet.
struct MetricStore::Generation {
  explicit Generation(std::uint64_t of) : number(of) {}
  const std::uint64_t number;
  std::size_t in_flight = 0;  // puts that are being committed
  std::size_t bytes = 0;
  std::map<Place, Distribution> samples;
  std::map<std::uint64_t, Named> touched;  // by id
};

/// What a namespace's metrics are kept in. Series are never forgotten while it runs, so pointers to them last.
struct MetricStore::Stripe {
  Stripe(std::uint64_t of, cloud::Shard& on) : index(of), shard(on) {
    generations.push_back(std::make_shared<Generation>(1));
  }
  const std::uint64_t index;
  cloud::Shard& shard;
  mutable std::mutex mutex;
  struct Metric {
    std::map<std::string, Series, std::less<>> units;
    int watchers = 0;
    Time last() const;
  };
  std::map<MetricId, Metric> metrics;
  std::vector<std::shared_ptr<Generation>> generations;  // oldest first; samples go to the last
  std::uint64_t next_sequence = 1;
  bool flush_is_set = false;
  bool flushing = false;  // on the shard
};

store::Key data_key(std::int64_t tier, std::uint64_t series);
store::Key put_key(std::uint64_t stripe, std::uint64_t generation);
store::Key flushed_key(std::uint64_t stripe);
std::string encode_series(std::uint64_t id, const MetricId& metric, const std::string& unit, Time last);
std::string encode_samples(const Distribution& samples);
std::optional<Distribution> decode_samples(std::string_view bytes);

}  // namespace signalbox::cloudwatch
