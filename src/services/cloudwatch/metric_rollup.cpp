// From samples as they were put to roll-ups, and what of these is too old.
#include <algorithm>

#include "services/cloudwatch/metric_stripe.h"
#include "store/record.h"

namespace signalbox::cloudwatch {
namespace {

/// How long samples wait to be rolled up, and how many bytes and places they may take meanwhile.
constexpr auto kFlushAfter = std::chrono::seconds(60);
constexpr std::size_t kFlushBytes = std::size_t{4} * 1024 * 1024;
constexpr std::size_t kFlushPlaces = 10'000;
constexpr auto kRollUpAgain = std::chrono::seconds(5);
constexpr auto kSweepEvery = std::chrono::hours(24);
/// Look-ups and changes between which others get their turn on the shard.
constexpr std::size_t kAtOnce = 200;

std::uint64_t bucket_number(std::int64_t second, std::int64_t tier) {
  return static_cast<std::uint64_t>(second - second % tier);
}

/// Adds the removal of what is older than its tier keeps.
void erase_old(store::Batch& batch, std::uint64_t series, Time now) {
  for (const Tier& tier : kTiers) {
    const auto cutoff = std::chrono::floor<std::chrono::seconds>(now - tier.kept).time_since_epoch().count();
    const store::Key all = data_key(tier.seconds, series);
    batch.erase_range(all, store::Key(all).number(static_cast<std::uint64_t>(std::max<std::int64_t>(cutoff, 0))));
  }
}

}  // namespace

store::Key data_key(std::int64_t tier, std::uint64_t series) {
  return store::Key(kDataSpace).number(static_cast<std::uint64_t>(tier)).number(series);
}
store::Key put_key(std::uint64_t stripe, std::uint64_t generation) {
  return store::Key(kPutSpace).number(stripe).number(generation);
}
store::Key flushed_key(std::uint64_t stripe) {
  return store::Key(kFlushedSpace).number(stripe);
}

std::string encode_series(std::uint64_t id, const MetricId& metric, const std::string& unit, Time last) {
  store::RecordWriter out(kSeriesVersion);
  out.number(id).text(metric.scope.account).text(metric.scope.region).text(metric.name_space).text(metric.name);
  out.number(metric.dimensions.size());
  for (const auto& [name, value] : metric.dimensions) out.text(name).text(value);
  out.text(unit).integer(last.time_since_epoch().count());
  return std::move(out).take();
}

std::string encode_samples(const Distribution& samples) {
  std::string bytes(1, '\1');  // the record's version
  samples.append_to(bytes);
  return bytes;
}

std::optional<Distribution> decode_samples(std::string_view bytes) {
  Distribution samples;
  if (!bytes.starts_with('\1')) return std::nullopt;
  bytes.remove_prefix(1);
  if (!samples.read_from(bytes) || !bytes.empty()) return std::nullopt;
  return samples;
}

// With the stripe's mutex held.
void MetricStore::flush_soon(Stripe& stripe) {
  const Generation& last = *stripe.generations.back();
  const bool full = last.bytes > kFlushBytes || last.samples.size() > kFlushPlaces;
  const bool waiting = stripe.generations.size() > 1 && stripe.generations.front()->in_flight == 0;
  if (full || waiting) {
    stripe.shard.post([this, &stripe] { stripe.shard.spawn("cloudwatch.metrics-flush", flush(stripe)); });
  } else if (!stripe.flush_is_set && !last.samples.empty()) {
    stripe.flush_is_set = true;
    stripe.shard.post([this, &stripe] {
      stripe.shard.alarms().set(house_.clock.now() + kFlushAfter, [this, &stripe] {
        {
          const std::lock_guard lock(stripe.mutex);
          stripe.flush_is_set = false;
        }
        stripe.shard.spawn("cloudwatch.metrics-flush", flush(stripe));
      });
    });
  }
}

asio::awaitable<void> MetricStore::flush(Stripe& stripe) {
  if (stripe.flushing) co_return;
  stripe.flushing = true;
  {
    const std::lock_guard lock(stripe.mutex);
    const auto& last = stripe.generations.back();
    if (!last->samples.empty()) stripe.generations.push_back(std::make_shared<Generation>(last->number + 1));
  }
  for (;;) {
    std::shared_ptr<Generation> oldest;
    {
      const std::lock_guard lock(stripe.mutex);
      // One that is still being added to comes when it is whole: the last put calls.
      if (stripe.generations.size() > 1 && stripe.generations.front()->in_flight == 0) {
        oldest = stripe.generations.front();
      }
    }
    if (!oldest) break;
    const Result<void> written = co_await write_out(stripe, *oldest);
    if (!written) {
      house_.log.error("metrics could not be rolled up, trying again", {{"why", written.error().message}});
      stripe.shard.alarms().set(house_.clock.now() + kRollUpAgain,
                                [this, &stripe] { stripe.shard.spawn("cloudwatch.metrics-flush", flush(stripe)); });
      break;
    }
    const std::lock_guard lock(stripe.mutex);
    stripe.generations.erase(stripe.generations.begin());
  }
  stripe.flushing = false;
}

asio::awaitable<Result<void>> MetricStore::write_out(Stripe& stripe, const Generation& generation) {
  struct Rolled {
    std::int64_t tier;
    std::uint64_t series;
    std::uint64_t second;
    auto operator<=>(const Rolled&) const = default;
  };
  const Time now = house_.clock.now();
  std::map<Rolled, Distribution> rolled;
  std::size_t done = 0;
  for (const auto& [place, samples] : generation.samples) {
    for (const Tier& tier : kTiers) {
      if (tier.seconds < place.resolution) continue;
      if (now - Time(std::chrono::seconds(place.second)) > tier.kept) continue;
      rolled[{tier.seconds, place.series, bucket_number(place.second, tier.seconds)}].add(samples);
    }
    if (++done % kAtOnce == 0) co_await asio::post(stripe.shard.loop(), asio::use_awaitable);
  }
  store::Batch batch;
  for (auto& [place, samples] : rolled) {
    const store::Key key = data_key(place.tier, place.series).number(place.second);
    const auto stored = house_.store.get(key);
    if (!stored) co_return std::unexpected(stored.error());
    if (*stored) {
      auto before = decode_samples(**stored);
      if (!before) co_return fail("InternalServiceFault", "A metric's record in the store cannot be read.");
      before->add(samples);
      samples = *std::move(before);
    } else if (place.tier == kTiers[3].seconds) {
      erase_old(batch, place.series, now);  // once an hour
    }
    batch.put(key, encode_samples(samples));
    if (++done % kAtOnce == 0) co_await asio::post(stripe.shard.loop(), asio::use_awaitable);
  }
  {
    const std::lock_guard lock(stripe.mutex);
    for (const auto& [id, named] : generation.touched) {
      batch.put(store::Key(kSeriesSpace).number(id), encode_series(id, *named.metric, *named.unit, named.series->last));
    }
  }
  flushed_.add(rolled.size());
  const store::Key puts = put_key(stripe.index, generation.number);
  batch.erase_range(puts, puts.end());
  batch.put(flushed_key(stripe.index),
            std::move(store::RecordWriter(kFlushedVersion).number(generation.number)).take());
  co_return co_await house_.store.commit(std::move(batch));
}

void MetricStore::sweep_later(Stripe& stripe) {
  stripe.shard.alarms().set(house_.clock.now() + kSweepEvery,
                            [this, &stripe] { stripe.shard.spawn("cloudwatch.metrics-sweep", sweep(stripe)); });
}

asio::awaitable<void> MetricStore::sweep(Stripe& stripe) {
  const Time now = house_.clock.now();
  std::vector<std::pair<std::uint64_t, bool>> all;  // and whether nothing of it is left
  {
    const std::lock_guard lock(stripe.mutex);
    for (auto& [metric, of] : stripe.metrics) {
      for (auto& [unit, series] : of.units) {
        const bool is_old = now - series.last > kTiers[3].kept;
        if (is_old) series.recorded = false;  // whoever puts to it again records it again
        all.emplace_back(series.id, is_old);
      }
    }
  }
  for (std::size_t i = 0; i < all.size(); i += kAtOnce) {
    store::Batch batch;
    for (std::size_t j = i; j < std::min(all.size(), i + kAtOnce); ++j) {
      erase_old(batch, all[j].first, now);
      if (all[j].second) batch.erase(store::Key(kSeriesSpace).number(all[j].first));
    }
    const auto swept = co_await house_.store.commit(std::move(batch));
    if (!swept) house_.log.error("old metrics could not be erased", {{"why", swept.error().message}});
  }
  sweep_later(stripe);
}

Result<void> MetricStore::load_series(std::string_view value) {
  store::RecordReader in(value, kSeriesVersion);
  const std::uint64_t id = in.number();
  MetricId metric;
  metric.scope.account = in.text();
  metric.scope.region = in.text();
  metric.name_space = in.text();
  metric.name = in.text();
  for (auto left = in.number(); left > 0 && in.ok(); --left) {
    std::string name = in.text();
    metric.dimensions[std::move(name)] = in.text();
  }
  const std::string unit = in.text();
  const Time last{Duration(in.integer())};
  if (!in.complete()) return fail("StoreError", "The record of a metric cannot be read.");
  Stripe& stripe = stripe_of(metric);
  const auto of = stripe.metrics.try_emplace(metric).first;
  const auto series = of->second.units.try_emplace(unit).first;
  series->second = {id, last, true};
  loading_[id] = {&of->first, &series->first, &series->second};
  next_id_ = std::max(next_id_.load(), id + 1);
  ++series_count_;
  return {};
}

Result<void> MetricStore::load_put(std::string_view key, std::string_view value) {
  store::KeyReader name(key);
  name.text();
  const auto index = name.number();
  const auto number = name.number();
  const auto sequence = name.number();
  store::RecordReader in(value, kPutVersion);
  const auto broken = [] { return fail("StoreError", "A record of samples of metrics cannot be read."); };
  if (!index || *index >= kStripes || !number || !sequence) return broken();
  Stripe& stripe = *stripes_[*index];
  if (stripe.generations.back()->number <= *number) {
    stripe.generations.back() = std::make_shared<Generation>(*number);
    stripe.generations.push_back(std::make_shared<Generation>(*number + 1));
  }
  Generation& generation = *stripe.generations[stripe.generations.size() - 2];
  for (auto left = in.number(); left > 0 && in.ok(); --left) {
    Place place{in.number(), static_cast<std::int64_t>(in.number()), 0};
    place.second = in.integer();
    std::string_view bytes = in.text_view();
    Distribution samples;
    if (!in.ok() || !samples.read_from(bytes) || !bytes.empty()) return broken();
    const auto series = loading_.find(place.series);
    if (series == loading_.end()) continue;  // it was erased
    Time& last = series->second.series->last;
    last = std::max(last, Time(std::chrono::seconds(place.second)));
    generation.samples[place].add(samples);
    generation.touched[place.series] = series->second;
  }
  if (!in.complete()) return broken();
  stripe.next_sequence = std::max(stripe.next_sequence, *sequence + 1);
  return {};
}

Result<void> MetricStore::load() {
  const auto snapshot = house_.store.read();
  Result<void> done;
  const store::Key series(kSeriesSpace);
  auto scanned = snapshot->scan(series, series.end(), [&](std::string_view, std::string_view value) {
    done = load_series(value);
    return done.has_value();
  });
  if (!done || !scanned) return done ? scanned : done;
  for (const auto& stripe : stripes_) {
    const auto flushed = snapshot->get(flushed_key(stripe->index));
    if (!flushed) return std::unexpected(flushed.error());
    if (!*flushed) continue;
    const std::uint64_t written = store::RecordReader(**flushed, kFlushedVersion).number();
    stripe->generations.back() = std::make_shared<Generation>(written + 1);
  }
  const store::Key puts(kPutSpace);
  scanned = snapshot->scan(puts, puts.end(), [&](std::string_view key, std::string_view value) {
    done = load_put(key, value);
    return done.has_value();
  });
  loading_.clear();
  if (!done || !scanned) return done ? scanned : done;
  for (const auto& stripe : stripes_) {
    sweep_later(*stripe);
    const std::lock_guard lock(stripe->mutex);
    flush_soon(*stripe);
  }
  return {};
}

}  // namespace signalbox::cloudwatch
