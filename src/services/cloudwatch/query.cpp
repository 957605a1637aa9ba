#include "services/cloudwatch/query.h"

#include <algorithm>
#include <set>

#include "services/cloudwatch/core.h"

namespace signalbox::cloudwatch {
namespace {

constexpr std::size_t kMaxFoundBySearch = 100;

bool is_query_id(std::string_view id) {
  return !id.empty() && id[0] >= 'a' && id[0] <= 'z' && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

/// "SELECT AVG(CPUUtilization) FROM SCHEMA(...)", in any case.
bool is_insights_query(std::string_view text) {
  constexpr std::string_view kSelect = "select";
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \t\r\n")));
  const auto same = [](char a, char b) { return (a | 32) == b; };
  return text.size() > kSelect.size() && std::ranges::equal(text.substr(0, kSelect.size()), kSelect, same) &&
         std::string_view(" \t\r\n").contains(text[kSelect.size()]);
}

Result<Query> compile_one(const cloud::Scope& scope, const m::MetricDataQuery& given) {
  Query query;
  query.id = *given.id;
  query.label = given.label.value_or("");
  query.returns = given.return_data.value_or(true);
  if (!is_query_id(query.id)) {
    return fail(
        "ValidationError",
        "The id " + query.id + " must begin with a lowercase letter and have letters, digits and underscores only.");
  }
  if (given.account_id && *given.account_id != scope.account) {
    return not_supported_yet("AccountId of query " + query.id, ": there is no cross-account observability");
  }
  if (given.metric_stat.has_value() == given.expression.has_value()) {
    return fail("ValidationError",
                "Exactly one of MetricStat and Expression must be given for query " + query.id + ".");
  }
  if (given.period) {
    const auto period = check_period(*given.period, "Period");
    if (!period) return std::unexpected(period.error());
    query.period = *period;
  }
  if (given.expression) {
    if (is_insights_query(*given.expression)) {
      return not_supported_yet("The Metrics Insights query of " + query.id + " (SELECT ...)");
    }
    auto expression = Expression::parse(*given.expression);
    if (!expression) return std::unexpected(std::move(expression).error());
    query.expression = *std::move(expression);
    return query;
  }
  const m::MetricStat& stat = *given.metric_stat;
  auto metric = metric_of(scope, stat.metric->namespace_, stat.metric->metric_name, stat.metric->dimensions);
  if (!metric) return std::unexpected(std::move(metric).error());
  if (metric->name_space.empty() || metric->name.empty()) {
    return fail("ValidationError", "The Metric of query " + query.id + " needs a Namespace and a MetricName.");
  }
  auto statistic = Statistic::parse(*stat.stat);
  if (!statistic) return std::unexpected(std::move(statistic).error());
  const auto period = check_period(*stat.period, "Period");
  if (!period) return std::unexpected(period.error());
  query.period = *period;
  query.source = MetricSource{*std::move(metric), stat.unit, *std::move(statistic), *period};
  return query;
}

}  // namespace

Result<Duration> check_period(std::int64_t seconds, std::string_view name) {
  constexpr std::int64_t kShort[] = {1, 5, 10, 20, 30};
  const bool fits = std::ranges::count(kShort, seconds) != 0 || (seconds > 0 && seconds % 60 == 0);
  if (!fits || seconds > 86'400 * 30) {
    return invalid_value("The parameter " + std::string(name) + " must be 1, 5, 10, 20, 30, or a multiple of 60.");
  }
  return std::chrono::seconds(seconds);
}

Time round_start(Time start, Duration period, Time now) {
  Duration step = std::chrono::minutes(1);
  const auto age = now - start;
  if (age > std::chrono::hours(15 * 24)) step = std::chrono::minutes(5);
  if (age > std::chrono::hours(63 * 24)) step = std::chrono::hours(1);
  if (period < std::chrono::minutes(1)) step = period;
  const auto since = start.time_since_epoch();
  return Time(since - since % step);
}

Result<std::vector<Bucket>> read_buckets(const MetricStore& metrics, const MetricSource& source, Time start, Time end) {
  if (start >= end) return std::vector<Bucket>{};
  auto by_unit = metrics.read(source.metric, source.unit, start, end, source.period);
  if (!by_unit) return std::unexpected(std::move(by_unit).error());
  if (by_unit->size() == 1) return std::move(by_unit->begin()->second);
  std::map<Time, Distribution> together;
  for (const auto& [unit, buckets] : *by_unit) {
    for (const Bucket& bucket : buckets) together[bucket.time].add(bucket.samples);
  }
  std::vector<Bucket> all;
  for (auto& [time, samples] : together) all.push_back({time, std::move(samples)});
  return all;
}

const Query* Queries::find(std::string_view id) const {
  const auto found = std::ranges::find(queries_, id, &Query::id);
  return found == queries_.end() ? nullptr : &*found;
}

Result<Queries> Queries::compile(const cloud::Scope& scope, const std::vector<m::MetricDataQuery>& given) {
  Queries queries;
  for (const m::MetricDataQuery& each : given) {
    if (queries.find(*each.id) != nullptr) {
      return fail("ValidationError", "The values for parameter id in MetricDataQueries are not unique.");
    }
    auto query = compile_one(scope, each);
    if (!query) return std::unexpected(std::move(query).error());
    queries.queries_.push_back(*std::move(query));
  }
  // An expression's period is the longest of what it is made of; in rounds, so that one which needs itself is found.
  Duration longest{0};
  for (const Query& query : queries.queries_) longest = std::max(longest, query.source ? query.period : Duration(0));
  std::set<std::string, std::less<>> settled;
  for (std::size_t before = SIZE_MAX; settled.size() != before;) {
    before = settled.size();
    for (Query& query : queries.queries_) {
      if (settled.contains(query.id)) continue;
      bool ready = true;
      Duration period{0};
      if (query.expression) {
        for (const std::string& id : query.expression->ids()) {
          const Query* other = queries.find(id);
          if (other == nullptr) {
            return fail("ValidationError", "Error in expression '" + query.id + "': the id " + id + " does not exist.");
          }
          ready = ready && settled.contains(id);
          period = std::max(period, other->period);
        }
        if (query.expression->functions().contains("METRICS")) period = std::max(period, longest);
        if (query.period == Duration(0) && ready)
          query.period = period == Duration(0) ? std::chrono::minutes(5) : period;
      }
      if (ready) settled.insert(query.id);
    }
  }
  for (const Query& query : queries.queries_) {
    if (!settled.contains(query.id)) {
      return fail("ValidationError", "Error in expression '" + query.id + "': it refers to itself.");
    }
  }
  return queries;
}

Result<Value> QueryRun::value_of(const Query& query) {
  if (const auto known = done_.find(query.id); known != done_.end()) return known->second;
  Result<Value> value = compute(query);
  if (value) done_[query.id] = *value;
  return value;
}

Result<TimeSeries> QueryRun::series_of(const MetricSource& source, std::string id, std::string label) {
  const Time start = align_ ? round_start(start_, source.period, *align_) : start_;
  auto buckets = read_buckets(metrics_, source, start, end_);
  if (!buckets) return std::unexpected(std::move(buckets).error());
  TimeSeries series{std::move(id), std::move(label), source.period, {}};
  for (const Bucket& bucket : *buckets) {
    if (const auto value = source.statistic.of(bucket.samples)) series.points.push_back({bucket.time, *value});
  }
  return series;
}

Result<Value> QueryRun::compute(const Query& query) {
  if (query.source) {
    auto series = series_of(*query.source, query.id, query.label.empty() ? query.source->metric.name : query.label);
    if (!series) return std::unexpected(std::move(series).error());
    return Value::of(*std::move(series));
  }
  MathContext context{align_ ? round_start(start_, query.period, *align_) : start_, end_, query.period, {}, {}, {}};
  context.value_of = [this](const std::string& id) { return value_of(*queries_.find(id)); };
  context.metrics = [this]() -> Result<std::vector<TimeSeries>> {
    std::vector<TimeSeries> all;
    for (const Query& each : queries_.all()) {
      if (!each.source) continue;
      auto value = value_of(each);
      if (!value) return std::unexpected(std::move(value).error());
      all.push_back(std::move(value->series.front()));
    }
    return all;
  };
  context.search = [this](const std::string& text, const std::string& statistic, Duration period) {
    return search(text, statistic, period);
  };
  return evaluate(*query.expression, context);
}

Result<std::vector<TimeSeries>> QueryRun::search(const std::string& text, const std::string& stat, Duration period) {
  const auto terms = SearchTerms::parse(text);
  if (!terms) return std::unexpected(terms.error());
  auto statistic = Statistic::parse(stat);
  if (!statistic) return std::unexpected(std::move(statistic).error());
  const auto checked = check_period(std::chrono::duration_cast<std::chrono::seconds>(period).count(), "Period");
  if (!checked) return std::unexpected(checked.error());
  const auto found = metrics_.list(scope_, terms->name_space, std::nullopt, kMaxFoundBySearch,
                                   [&](const ListedMetric& listed) { return terms->match(listed.metric); });
  std::vector<TimeSeries> all;
  for (const ListedMetric& listed : found) {
    std::string label = listed.metric.name;
    for (const auto& [name, value] : listed.metric.dimensions) label = value + " " + label;
    auto series = series_of({listed.metric, std::nullopt, *statistic, period}, "", std::move(label));
    if (!series) return std::unexpected(std::move(series).error());
    all.push_back(*std::move(series));
  }
  return all;
}

}  // namespace signalbox::cloudwatch
