#include "services/cloudwatch/metric_store.h"

#include <algorithm>

#include "services/cloudwatch/metric_stripe.h"
#include "store/record.h"

namespace signalbox::cloudwatch {
namespace {

std::int64_t seconds_of(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

Time MetricStore::Stripe::Metric::last() const {
  Time last{};
  for (const auto& [unit, series] : units) last = std::max(last, series.last);
  return last;
}

MetricStore::MetricStore(const cloud::House& house)
    : house_(house),
      samples_(house.metrics.counter("signalbox_cloudwatch_samples_total", "Samples of metrics that were put.")),
      flushed_(house.metrics.counter("signalbox_cloudwatch_buckets_written_total", "Buckets of roll-ups written.")) {
  for (std::size_t i = 0; i < kStripes; ++i) {
    stripes_[i] = std::make_unique<Stripe>(i, house.shards.at(i % house.shards.count()));
  }
}

MetricStore::~MetricStore() = default;

MetricStore::Stripe& MetricStore::stripe_of(const MetricId& metric) const {
  std::uint64_t h = 14695981039346656037ULL;  // FNV-1a: the same in every process, as keys have it
  for (const std::string* part : {&metric.scope.account, &metric.scope.region, &metric.name_space}) {
    for (const char c : *part) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  return *stripes_[(h ^ (h >> 32U)) % kStripes];
}

Result<std::vector<MetricStore::Entry>> MetricStore::enter(Stripe& stripe, std::vector<Sample> samples,
                                                           store::Batch& batch) {
  std::vector<Entry> entries;
  entries.reserve(samples.size());
  for (Sample& sample : samples) {
    auto metric = stripe.metrics.find(sample.metric);
    if (metric == stripe.metrics.end()) {
      if (series_count_.load() >= kMaxSeries) return fail("LimitExceededFault", "There are too many metrics.");
      metric = stripe.metrics.emplace(std::move(sample.metric), Stripe::Metric{}).first;
    }
    const auto [unit, is_new] = metric->second.units.try_emplace(std::move(sample.unit));
    Series& series = unit->second;
    if (is_new) {
      series.id = next_id_++;
      ++series_count_;
    }
    if (!series.recorded) {
      batch.put(store::Key(kSeriesSpace).number(series.id),
                encode_series(series.id, metric->first, unit->first, sample.time));
    }
    const std::int64_t resolution = sample.high_resolution ? 1 : 60;
    const std::int64_t second = seconds_of(sample.time);
    entries.push_back({{series.id, resolution, second - second % resolution},
                       {&metric->first, &unit->first, &series},
                       std::move(sample.samples)});
  }
  return entries;
}

asio::awaitable<Result<void>> MetricStore::put(std::vector<Sample> samples) {
  if (samples.empty()) co_return Result<void>();
  Stripe& stripe = stripe_of(samples.front().metric);
  store::Batch batch;
  std::vector<Entry> entries;
  std::shared_ptr<Generation> generation;
  std::uint64_t sequence = 0;
  {
    const std::lock_guard lock(stripe.mutex);
    auto entered = enter(stripe, std::move(samples), batch);
    if (!entered) co_return std::unexpected(std::move(entered).error());
    entries = *std::move(entered);
    generation = stripe.generations.back();
    ++generation->in_flight;
    sequence = stripe.next_sequence++;
  }
  store::RecordWriter record(kPutVersion);
  record.number(entries.size());
  std::string bytes;
  for (const Entry& entry : entries) {
    bytes.clear();
    entry.samples.append_to(bytes);
    record.number(entry.place.series).number(static_cast<std::uint64_t>(entry.place.resolution));
    record.integer(entry.place.second).text(bytes);
  }
  batch.put(put_key(stripe.index, generation->number).number(sequence), record.bytes());
  const std::size_t size = batch.bytes();
  samples_.add(entries.size());
  Result<void> committed = co_await house_.store.commit(std::move(batch));
  std::vector<MetricId> watched;
  {
    const std::lock_guard lock(stripe.mutex);
    --generation->in_flight;
    generation->bytes += size;
    if (committed) apply(stripe, *generation, std::move(entries), watched);
    flush_soon(stripe);
  }
  if (arrived_) {
    for (const MetricId& metric : watched) arrived_(metric);
  }
  co_return committed;
}

void MetricStore::apply(Stripe& stripe, Generation& generation, std::vector<Entry> entries,
                        std::vector<MetricId>& watched) {
  for (Entry& entry : entries) {
    Series& series = *entry.named.series;
    series.recorded = true;
    series.last = std::max(series.last, Time(std::chrono::seconds(entry.place.second)));
    if (stripe.metrics.find(*entry.named.metric)->second.watchers > 0) watched.push_back(*entry.named.metric);
    generation.touched[series.id] = entry.named;
    auto& samples = generation.samples[entry.place];
    if (samples.empty()) {
      samples = std::move(entry.samples);
    } else {
      samples.add(entry.samples);
    }
  }
}

Result<std::map<std::string, std::vector<Bucket>>> MetricStore::read(const MetricId& metric,
                                                                     const std::optional<std::string>& unit, Time start,
                                                                     Time end, Duration period) const {
  struct Unread {
    std::uint64_t generation;
    Place place;
    std::string unit;
    Distribution samples;
  };
  Stripe& stripe = stripe_of(metric);
  const std::int64_t first = seconds_of(start);
  const std::int64_t last = seconds_of(end - Duration(1));
  const std::int64_t step = std::chrono::duration_cast<std::chrono::seconds>(period).count();
  std::int64_t tier = 1;
  for (const Tier& each : kTiers) {
    if (step % each.seconds == 0 && first % each.seconds == 0) tier = each.seconds;
  }
  std::vector<std::pair<std::uint64_t, std::string>> series;
  std::vector<Unread> unread;
  std::unique_ptr<store::Snapshot> snapshot;
  {
    const std::lock_guard lock(stripe.mutex);
    const auto found = stripe.metrics.find(metric);
    if (found == stripe.metrics.end()) return {};
    for (const auto& [name, one] : found->second.units) {
      if (unit && *unit != name) continue;
      series.emplace_back(one.id, name);
      for (const auto& generation : stripe.generations) {
        for (const std::int64_t resolution : {1, 60}) {
          if (resolution > tier) continue;
          auto at = generation->samples.lower_bound({one.id, resolution, first});
          const auto past = generation->samples.upper_bound({one.id, resolution, last});
          for (; at != past; ++at) unread.push_back({generation->number, at->first, name, at->second});
        }
      }
    }
    snapshot = house_.store.read();
  }
  // A generation that was written out after the snapshot was taken is not in it; one before is.
  const auto flushed = snapshot->get(flushed_key(stripe.index));
  if (!flushed) return std::unexpected(flushed.error());
  const std::uint64_t written = *flushed ? store::RecordReader(**flushed, kFlushedVersion).number() : 0;

  std::map<std::string, std::map<std::int64_t, Distribution>> buckets;
  const auto bucket_of = [&](std::int64_t second) { return first + (second - first) / step * step; };
  for (const auto& [id, name] : series) {
    auto& of_unit = buckets[name];
    const store::Key all = data_key(tier, id);
    const auto from = store::Key(all).number(static_cast<std::uint64_t>(first));
    const auto to = store::Key(all).number(static_cast<std::uint64_t>(last + 1));
    bool broken = false;
    const auto scanned = snapshot->scan(from, to, [&](std::string_view key, std::string_view value) {
      store::KeyReader in(key);
      in.text();
      in.number();
      in.number();
      const auto second = in.number();
      const auto samples = decode_samples(value);
      broken = !second || !samples;
      if (!broken) of_unit[bucket_of(static_cast<std::int64_t>(*second))].add(*samples);
      return !broken;
    });
    if (!scanned) return std::unexpected(scanned.error());
    if (broken) return fail("InternalServiceFault", "A metric's record in the store cannot be read.");
  }
  for (const Unread& one : unread) {
    if (one.generation > written) buckets[one.unit][bucket_of(one.place.second)].add(one.samples);
  }
  std::map<std::string, std::vector<Bucket>> result;
  for (auto& [name, of_unit] : buckets) {
    if (of_unit.empty()) continue;
    auto& list = result[name];
    for (auto& [second, samples] : of_unit) list.push_back({Time(std::chrono::seconds(second)), std::move(samples)});
  }
  return result;
}

std::vector<ListedMetric> MetricStore::list(const cloud::Scope& scope, const std::optional<std::string>& name_space,
                                            const std::optional<MetricId>& after, std::size_t most,
                                            const std::function<bool(const ListedMetric&)>& wanted) const {
  std::vector<ListedMetric> found;
  const MetricId start{scope, name_space.value_or(""), "", {}};
  for (const auto& stripe : stripes_) {
    if (name_space && stripe.get() != &stripe_of(start)) continue;
    const std::lock_guard lock(stripe->mutex);
    auto at = after && *after > start ? stripe->metrics.upper_bound(*after) : stripe->metrics.lower_bound(start);
    for (std::size_t taken = 0; at != stripe->metrics.end() && taken < most; ++at) {
      const MetricId& metric = at->first;
      if (metric.scope != scope || (name_space && metric.name_space != *name_space)) break;
      ListedMetric listed{metric, at->second.last()};
      if (listed.last == Time{} || !wanted(listed)) continue;
      found.push_back(std::move(listed));
      ++taken;
    }
  }
  std::ranges::sort(found, {}, &ListedMetric::metric);
  if (found.size() > most) found.erase(found.begin() + static_cast<std::ptrdiff_t>(most), found.end());
  return found;
}

Time MetricStore::last_of(const MetricId& metric) const {
  Stripe& stripe = stripe_of(metric);
  const std::lock_guard lock(stripe.mutex);
  const auto found = stripe.metrics.find(metric);
  return found == stripe.metrics.end() ? Time{} : found->second.last();
}

void MetricStore::watch(const MetricId& metric) {
  Stripe& stripe = stripe_of(metric);
  const std::lock_guard lock(stripe.mutex);
  ++stripe.metrics[metric].watchers;
}

void MetricStore::unwatch(const MetricId& metric) {
  Stripe& stripe = stripe_of(metric);
  const std::lock_guard lock(stripe.mutex);
  const auto found = stripe.metrics.find(metric);
  if (found == stripe.metrics.end()) return;
  --found->second.watchers;
  if (found->second.watchers <= 0 && found->second.units.empty()) stripe.metrics.erase(found);
}

}  // namespace signalbox::cloudwatch
