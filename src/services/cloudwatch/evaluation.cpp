// When alarms are evaluated, and with which data.
#include <algorithm>

#include "services/cloudwatch/alarm_text.h"
#include "services/cloudwatch/changes.h"

namespace signalbox::cloudwatch {
namespace {

/// Alarms that are evaluated between which others get their turn on the shard, in one commit.
constexpr std::size_t kTogether = 50;
/// A minute's end counts as now for so long: data that comes right after it is seen at once.
constexpr auto kJustNow = std::chrono::seconds(5);
constexpr auto kTryAgain = std::chrono::seconds(1);

Time floor_to(Time time, Duration step) {
  const auto since = time.time_since_epoch();
  return Time(since - since % step);
}

struct Evaluated {
  Verdict verdict;
  Time start;          // of the oldest datapoint
  bool ended = false;  // no data in sight: the next evaluations give the same
};

/// Too few samples for a percentile to say much ("Percentile-based alarms and low data samples").
Result<bool> is_low_sample(Core& core, const Alarm& alarm, Time start, Time end) {
  const Query* watched = alarm.queries->find(alarm.watched);
  if (alarm.record.metric.evaluate_low_sample_count_percentile.value_or("") != "ignore" || !watched->source)
    return false;
  const auto percentile = watched->source->statistic.percentile();
  if (!percentile) return false;
  const auto buckets = read_buckets(core.metrics, *watched->source, start, end);
  if (!buckets) return std::unexpected(buckets.error());
  double samples = 0;
  for (const Bucket& bucket : *buckets) samples += bucket.samples.count();
  const double share = *percentile / 100;
  const double rarer = share >= 0.5 ? 1 - share : share;
  return samples > 0 && rarer > 0 && samples < 10 / rarer;
}

Result<Evaluated> evaluate_alarm(Core& core, const Alarm& alarm, Time end) {
  const std::size_t range = evaluation_range(alarm.threshold);
  const Time start = end - alarm.period * static_cast<std::int64_t>(range);
  QueryRun run(core.metrics, *alarm.queries, alarm.scope, start, end, std::nullopt);
  auto value = run.value_of(*alarm.queries->find(alarm.watched));
  if (!value) return std::unexpected(std::move(value).error());
  if (value->kind != Value::Kind::kSeries)
    return fail("ValidationError", "The alarm's expression gives no single time series.");
  std::vector<std::optional<Point>> slots(range);
  for (const Point& point : value->series.front().points) {
    const auto index = (point.time - start) / alarm.period;
    if (index >= 0 && static_cast<std::size_t>(index) < range)
      slots[range - 1 - static_cast<std::size_t>(index)] = point;
  }
  Evaluated evaluated;
  evaluated.ended = true;
  for (const cloud::MetricId& metric : alarm.sources) {
    if (core.metrics.last_of(metric) >= start) evaluated.ended = false;
  }
  const auto low = is_low_sample(core, alarm, end - alarm.period * alarm.threshold.evaluation_periods, end);
  if (!low) return std::unexpected(low.error());
  if (!*low) evaluated.verdict = judge(alarm.threshold, slots);
  evaluated.start = evaluated.verdict.datapoints.empty() ? end : evaluated.verdict.datapoints.back().time;
  return evaluated;
}

void evaluate_metric(Core& core, AlarmSet& set, Changes& changes, const AlarmPtr& alarm) {
  const Duration step = evaluation_step(*alarm);
  const Time end = floor_to(changes.now(), step);
  auto evaluated = evaluate_alarm(core, *alarm, end);
  if (!evaluated) {
    core.house.log.warning("an alarm could not be evaluated",
                           {{"alarm", alarm->arn()}, {"why", evaluated.error().message}});
    set.due[alarm->name] = end + step;
    return;
  }
  set.evaluated[alarm->name] = end;
  const Verdict& verdict = evaluated->verdict;
  if (verdict.state && *verdict.state != alarm->record.state) {
    changes.enter(alarm, *verdict.state, verdict.reason,
                  reason_data(*alarm, changes.now(), evaluated->start, verdict.datapoints));
  }
  if (evaluated->ended) {
    set.due.erase(alarm->name);
  } else {
    set.due[alarm->name] = end + step;
  }
}

asio::awaitable<void> evaluate_some(Core& core, AlarmSet& set, std::vector<std::string> names) {
  Changes changes(core, set);
  for (const std::string& name : names) {
    const AlarmPtr alarm = changes.find(name);
    if (!alarm) {
      set.due.erase(name);
    } else if (alarm->rule) {
      set.due.erase(name);
      if (!alarm->record.suppressed_by.empty() && alarm->record.suppressed_until != Time{}) {
        changes.stop_suppressing(alarm);
      }
    } else {
      evaluate_metric(core, set, changes, alarm);
    }
  }
  changes.cascade();
  if (changes.empty()) co_return;
  const Result<void> committed = co_await changes.commit();
  if (committed) co_return;
  core.house.log.error("alarms could not change, trying again", {{"why", committed.error().message}});
  for (const std::string& name : names) set.due[name] = changes.now() + kTryAgain;
}

asio::awaitable<void> evaluate_due(Core& core, AlarmSet& set) {
  const Result<void> taken = co_await take_measures(core);
  if (!taken) core.house.log.error("measures were lost", {{"why", taken.error().message}});
  const auto turn = co_await set.turns.take();
  const Time now = core.house.clock.now();
  std::vector<std::string> names;
  for (const auto& [name, due] : set.due) {
    if (due <= now) names.push_back(name);
  }
  for (std::size_t i = 0; i < names.size(); i += kTogether) {
    const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), i + kTogether));
    std::vector<std::string> some(names.begin() + static_cast<std::ptrdiff_t>(i), end);
    co_await evaluate_some(core, set, std::move(some));
    co_await asio::post(set.shard.loop(), asio::use_awaitable);
  }
  arm(core, set);
}

}  // namespace

Duration evaluation_step(const Alarm& alarm) {
  if (alarm.period < std::chrono::minutes(1)) return std::chrono::seconds(10);
  const bool long_range = alarm.period * alarm.threshold.evaluation_periods > std::chrono::hours(24);
  return long_range ? Duration(std::chrono::hours(1)) : Duration(std::chrono::minutes(1));
}

void arm(Core& core, AlarmSet& set) {
  std::optional<Time> first;
  for (const auto& [name, due] : set.due) first = std::min(first.value_or(due), due);
  if (set.alarm && first && set.alarm->first == *first) return;
  if (set.alarm) set.shard.alarms().cancel(*set.alarm);
  set.alarm.reset();
  if (!first) return;
  set.alarm = set.shard.alarms().set(*first, [&core, &set] {
    set.alarm.reset();
    set.shard.spawn("cloudwatch.alarms", evaluate_due(core, set));
  });
}

void wake(Core& core, AlarmSet& set, const Alarm& alarm) {
  if (alarm.rule) {
    if (alarm.record.suppressed_until != Time{}) set.due[alarm.name] = alarm.record.suppressed_until;
    return arm(core, set);
  }
  const Time now = core.house.clock.now();
  const Duration step = evaluation_step(alarm);
  const Time tick = floor_to(now, step);
  const auto evaluated = set.evaluated.find(alarm.name);
  const bool seen = evaluated != set.evaluated.end() && evaluated->second >= tick;
  const Time due = !seen && now - tick <= kJustNow ? now : tick + step;
  const auto [place, is_new] = set.due.try_emplace(alarm.name, due);
  if (!is_new) place->second = std::min(place->second, due);
  arm(core, set);
}

void begin_watching(Core& core, AlarmSet& set, const Alarm& alarm) {
  for (const cloud::MetricId& metric : alarm.sources) {
    core.metrics.watch(metric);
    core.alarms.watch(metric, alarm.name);
  }
  set.evaluated[alarm.name] = core.house.clock.now();
  wake(core, set, alarm);
}

void end_watching(Core& core, AlarmSet& set, const Alarm& alarm) {
  for (const cloud::MetricId& metric : alarm.sources) {
    core.metrics.unwatch(metric);
    core.alarms.unwatch(metric, alarm.name);
  }
  set.due.erase(alarm.name);
}

AlarmSet& AlarmSets::of(const cloud::Scope& scope) {
  const std::lock_guard lock(mutex_);
  auto& set = sets_[scope];
  if (!set) set = std::make_unique<AlarmSet>(scope, shards_.owner(alarm_arn(scope, "")));
  return *set;
}

const AlarmSet* AlarmSets::find(const cloud::Scope& scope) const {
  const std::lock_guard lock(mutex_);
  const auto found = sets_.find(scope);
  return found == sets_.end() ? nullptr : found->second.get();
}

void AlarmSets::watch(const cloud::MetricId& metric, const std::string& alarm) {
  const std::lock_guard lock(mutex_);
  watchers_[metric].insert(alarm);
}

void AlarmSets::unwatch(const cloud::MetricId& metric, const std::string& alarm) {
  const std::lock_guard lock(mutex_);
  const auto found = watchers_.find(metric);
  if (found == watchers_.end()) return;
  found->second.erase(alarm);
  if (found->second.empty()) watchers_.erase(found);
}

std::vector<std::string> AlarmSets::watching(const cloud::MetricId& metric) const {
  const std::lock_guard lock(mutex_);
  const auto found = watchers_.find(metric);
  if (found == watchers_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

Result<void> load_alarms(Core& core) {
  const auto snapshot = core.house.store.read();
  Result<void> done;
  std::set<AlarmSet*> touched;
  const store::Key all(kAlarmSpace);
  auto scanned = snapshot->scan(all, all.end(), [&](std::string_view key, std::string_view value) {
    store::KeyReader in(key);
    in.text();
    const auto account = in.text();
    const auto region = in.text();
    auto record = store::decode<AlarmRecord>(value);
    auto alarm = account && region && record ? compile_alarm({*account, *region}, *std::move(record), 0)
                                             : Result<AlarmPtr>(fail("StoreError", ""));
    if (!alarm) {
      done = fail("StoreError", "The record of an alarm in the store cannot be read. " + alarm.error().message);
      return false;
    }
    AlarmSet& set = core.alarms.of((*alarm)->scope);
    set.alarms[(*alarm)->name] = *alarm;
    touched.insert(&set);
    return true;
  });
  if (!done || !scanned) return done ? scanned : done;
  for (AlarmSet* set : touched) {
    // Sequence numbers of history only tell apart what happens in one millisecond.
    set->next_history = static_cast<std::uint64_t>(core.house.clock.now().time_since_epoch().count());
    for (const auto& [name, alarm] : set->alarms) begin_watching(core, *set, *alarm);
  }
  return {};
}

}  // namespace signalbox::cloudwatch
