#include <algorithm>

#include "services/cloudwatch/get_metric_data.h"
#include "services/cloudwatch/query.h"

namespace signalbox::cloudwatch {
namespace {

constexpr std::int64_t kMaxStatistics = 1440;

std::string with_commas(std::int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

Result<std::vector<Statistic>> statistics_of(const m::GetMetricStatisticsInput& request) {
  std::vector<Statistic> statistics;
  for (const auto* names : {&request.statistics, &request.extended_statistics}) {
    if (!*names) continue;
    for (const std::string& name : **names) {
      auto statistic = Statistic::parse(name);
      if (!statistic) return std::unexpected(std::move(statistic).error());
      if (statistic->is_simple() != (names == &request.statistics)) {
        return invalid_value("The value " + name + " for parameter ExtendedStatistics is not supported.");
      }
      statistics.push_back(*std::move(statistic));
    }
  }
  if (statistics.empty()) {
    return invalid_combination("At least one of the parameters Statistics and ExtendedStatistics must be specified.");
  }
  return statistics;
}

void put_statistic(m::Datapoint& point, const Statistic& statistic, const Distribution& samples) {
  const auto value = statistic.of(samples);
  if (!value) return;
  if (statistic.text() == "SampleCount") point.sample_count = value;
  if (statistic.text() == "Average") point.average = value;
  if (statistic.text() == "Sum") point.sum = value;
  if (statistic.text() == "Minimum") point.minimum = value;
  if (statistic.text() == "Maximum") point.maximum = value;
  if (statistic.is_simple()) return;
  if (!point.extended_statistics) point.extended_statistics.emplace();
  (*point.extended_statistics)[statistic.text()] = *value;
}

}  // namespace

Result<m::GetMetricStatisticsOutput> get_metric_statistics(Core& core, const cloud::Scope& scope,
                                                           const m::GetMetricStatisticsInput& request) {
  const auto period = check_period(*request.period, "Period");
  if (!period) return std::unexpected(period.error());
  const auto statistics = statistics_of(request);
  if (!statistics) return std::unexpected(statistics.error());
  if (*request.start_time >= *request.end_time) {
    return invalid_value("The parameter StartTime must be less than the parameter EndTime.");
  }
  const std::int64_t points = (*request.end_time - *request.start_time) / *period;
  if (points > kMaxStatistics) {
    return invalid_combination("You have requested up to " + with_commas(points) +
                               " datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested "
                               "by increasing Period, or decreasing the time range.");
  }
  auto metric = metric_of(scope, request.namespace_, request.metric_name, request.dimensions);
  if (!metric) return std::unexpected(std::move(metric).error());
  const Time start = round_start(*request.start_time, *period, core.house.clock.now());
  const auto by_unit = core.metrics.read(*metric, request.unit, start, *request.end_time, *period);
  if (!by_unit) return std::unexpected(by_unit.error());
  m::GetMetricStatisticsOutput output;
  output.label = *request.metric_name;
  output.datapoints.emplace();
  for (const auto& [unit, buckets] : *by_unit) {
    for (const Bucket& bucket : buckets) {
      m::Datapoint& point = output.datapoints->emplace_back();
      point.timestamp = bucket.time;
      point.unit = unit;
      for (const Statistic& statistic : *statistics) put_statistic(point, statistic, bucket.samples);
    }
  }
  return output;
}

}  // namespace signalbox::cloudwatch
