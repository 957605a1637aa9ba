#include "services/cloudwatch/get_metric_data.h"

#include <algorithm>
#include <charconv>

#include "cloud/paging.h"
#include "services/cloudwatch/label.h"
#include "services/cloudwatch/query.h"

namespace signalbox::cloudwatch {
namespace {

/// AWS's bounds of one call.
constexpr std::size_t kMaxQueries = 500;
constexpr std::int32_t kMaxDatapoints = 100'800;

Result<std::size_t> first_point(const std::optional<std::string>& token) {
  if (!token) return 0;
  const auto text = cloud::read_page_token("GetMetricData", *token);
  std::size_t first = 0;
  if (text && std::from_chars(text->data(), text->data() + text->size(), first).ec == std::errc()) return first;
  return fail("InvalidNextToken", "The NextToken is not valid.");
}

Result<void> check(const m::GetMetricDataInput& request) {
  if (request.metric_data_queries->empty() || request.metric_data_queries->size() > kMaxQueries) {
    return fail("ValidationError",
                "The collection MetricDataQueries must have a size from 1 to " + std::to_string(kMaxQueries) + ".");
  }
  if (*request.start_time >= *request.end_time) {
    return fail("ValidationError", "The parameter StartTime must be less than the parameter EndTime.");
  }
  const auto most = request.max_datapoints.value_or(kMaxDatapoints);
  if (most < 1 || most > kMaxDatapoints) {
    return fail("ValidationError",
                "The parameter MaxDatapoints must be from 1 to " + std::to_string(kMaxDatapoints) + ".");
  }
  return {};
}

Result<std::vector<m::MetricDataResult>> results_of(const Queries& queries, QueryRun& run, const cloud::Scope& scope,
                                                    Duration zone) {
  std::vector<m::MetricDataResult> results;
  std::size_t points = 0;
  for (const Query& query : queries.all()) {
    if (!query.returns) continue;
    auto value = run.value_of(query);
    if (!value) return std::unexpected(std::move(value).error());
    if (value->kind == Value::Kind::kScalar) {
      return fail("ValidationError", "Error in expression '" + query.id + "': it is a number, not a time series.");
    }
    for (const TimeSeries& series : value->series) {
      m::MetricDataResult& result = results.emplace_back();
      result.id = query.id;
      // An array's series go by the expression's label and their own.
      const bool many = value->kind == Value::Kind::kArray;
      const std::string name = query.source ? query.source->metric.name : many ? series.label : query.id;
      auto label = make_label(query.label.empty() ? "${LABEL}" : query.label, name, query, series, scope, zone);
      if (!label) return std::unexpected(std::move(label).error());
      result.label = many && !query.label.empty() ? *label + " " + name : *std::move(label);
      result.status_code = m::status_code::kComplete;
      result.timestamps.emplace();
      result.values.emplace();
      points += series.points.size();
      if (points > kMaxMathPoints) return fail("ValidationError", "The queries give too many data points.");
      for (const Point& point : series.points) {
        result.timestamps->push_back(point.time);
        result.values->push_back(point.value);
      }
    }
  }
  return results;
}

/// Keeps `most` points from `first` on; true when there are more.
bool cut(std::vector<m::MetricDataResult>& results, std::size_t first, std::size_t most) {
  std::vector<m::MetricDataResult> page;
  bool more = false;
  for (m::MetricDataResult& result : results) {
    const std::size_t count = result.values->size();
    if (count != 0 && first >= count) {
      first -= count;
      continue;
    }
    if (most == 0 && count != 0) {
      more = true;
      break;
    }
    const std::size_t taken = std::min(most, count - first);
    const auto keep = [&](auto& list) {
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(first + taken), list.end());
      list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(first));
    };
    if (first + taken < count) {
      result.status_code = m::status_code::kPartialData;
      more = true;
    }
    keep(*result.timestamps);
    keep(*result.values);
    most -= taken;
    first = 0;
    page.push_back(std::move(result));
    if (more) break;
  }
  results = std::move(page);
  return more;
}

}  // namespace

Result<m::GetMetricDataOutput> get_metric_data(Core& core, const cloud::Scope& scope,
                                               const m::GetMetricDataInput& request) {
  if (auto checked = check(request); !checked) return std::unexpected(std::move(checked).error());
  const auto first = first_point(request.next_token);
  if (!first) return std::unexpected(first.error());
  Duration zone{0};
  if (request.label_options && request.label_options->timezone) {
    const auto parsed = parse_zone(*request.label_options->timezone);
    if (!parsed) return std::unexpected(parsed.error());
    zone = *parsed;
  }
  const auto queries = Queries::compile(scope, *request.metric_data_queries);
  if (!queries) return std::unexpected(queries.error());
  QueryRun run(core.metrics, *queries, scope, *request.start_time, *request.end_time, core.house.clock.now());
  auto results = results_of(*queries, run, scope, zone);
  if (!results) return std::unexpected(std::move(results).error());
  if (request.scan_by.value_or(m::scan_by::kTimestampDescending) == m::scan_by::kTimestampDescending) {
    for (m::MetricDataResult& result : *results) {
      std::ranges::reverse(*result.timestamps);
      std::ranges::reverse(*result.values);
    }
  }
  const auto most = static_cast<std::size_t>(request.max_datapoints.value_or(kMaxDatapoints));
  m::GetMetricDataOutput output;
  if (cut(*results, *first, most)) {
    output.next_token = cloud::make_page_token("GetMetricData", std::to_string(*first + most));
  }
  output.metric_data_results = *std::move(results);
  output.messages.emplace();
  return output;
}

}  // namespace signalbox::cloudwatch
