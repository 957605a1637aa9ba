// The queries of GetMetricData and of alarms: metrics with a statistic, and expressions over them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cloud/measures.h"
#include "models/cloudwatch.h"
#include "services/cloudwatch/math.h"
#include "services/cloudwatch/metric_store.h"
#include "services/cloudwatch/statistic.h"

namespace signalbox::cloudwatch {

namespace m = models::cloudwatch;

/// A statistic of a metric, period by period.
struct MetricSource {
  cloud::MetricId metric;
  std::optional<std::string> unit;  // none: all units together
  Statistic statistic;
  Duration period;
};

struct Query {
  std::string id;
  std::optional<MetricSource> source;    // or
  std::optional<Expression> expression;  // of other queries
  std::string label;                     // "" for none
  Duration period{0};
  bool returns = true;
};

/// Checked: ids are different and known, no expression needs itself.
class Queries {
 public:
  /// Errors: ValidationError, InvalidParameterValueException, naming the query.
  static Result<Queries> compile(const cloud::Scope& scope, const std::vector<m::MetricDataQuery>& queries);

  const std::vector<Query>& all() const { return queries_; }
  const Query* find(std::string_view id) const;

 private:
  std::vector<Query> queries_;
};

/// Periods are whole minutes, or 1, 5, 10, 20 or 30 seconds, up to a day. Errors: InvalidParameterValueException.
Result<Duration> check_period(std::int64_t seconds, std::string_view name);

/// The times that CloudWatch answers for a request from `start` on ("GetMetricData", StartTime).
Time round_start(Time start, Duration period, Time now);

/// All units of a metric together, or one. Errors: those of the store.
Result<std::vector<Bucket>> read_buckets(const MetricStore& metrics, const MetricSource& source, Time start, Time end);

/// The values of queries over a time; each is computed once.
class QueryRun {
 public:
  /// All are borrowed. With `align`, each query's times begin as AWS rounds them by `now`; without, at `start`.
  QueryRun(const MetricStore& metrics, const Queries& queries, const cloud::Scope& scope, Time start, Time end,
           std::optional<Time> align)
      : metrics_(metrics), queries_(queries), scope_(scope), start_(start), end_(end), align_(align) {}

  Result<Value> value_of(const Query& query);

 private:
  Result<Value> compute(const Query& query);
  Result<TimeSeries> series_of(const MetricSource& source, std::string id, std::string label);
  Result<std::vector<TimeSeries>> search(const std::string& text, const std::string& statistic, Duration period);

  const MetricStore& metrics_;
  const Queries& queries_;
  const cloud::Scope& scope_;
  const Time start_;
  const Time end_;
  const std::optional<Time> align_;
  std::map<std::string, Value, std::less<>> done_;
};

/// What SEARCH looks for: "{Namespace,Dimension} term term".
struct SearchTerms {
  std::optional<std::string> name_space;
  std::vector<std::string> dimensions;  // the metric has these and no others, if a namespace is named
  std::vector<std::pair<std::string, std::string>> terms;  // property ("" for any) and text in lower case
  /// Errors: ValidationError.
  static Result<SearchTerms> parse(std::string_view text);
  bool match(const cloud::MetricId& metric) const;
};

}  // namespace signalbox::cloudwatch
