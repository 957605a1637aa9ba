// PutMetricData: a request's data as samples, checked as AWS does.
#include "services/cloudwatch/put_metric_data.h"

#include <cmath>

#include "wire/number_text.h"

namespace signalbox::cloudwatch {
namespace {

constexpr std::size_t kMaxData = 1000;
constexpr std::size_t kMaxValues = 150;
constexpr auto kOldest = std::chrono::hours(14 * 24);
constexpr auto kNewest = std::chrono::hours(2);
/// "Values must be in the range of -2^360 to 2^360."
const double kLargest = std::ldexp(1.0, 360);

Result<void> check_number(double value, const std::string& name) {
  if (std::abs(value) <= kLargest) return {};
  if (!std::isfinite(value)) {
    return invalid_value("The value " + wire::double_text(value) + " for parameter " + name + " is invalid.");
  }
  return invalid_value("The value for parameter " + name + " must be a number from -2^360 to 2^360.");
}

Result<Distribution> statistics_of(const m::StatisticSet& set, const std::string& name) {
  for (const auto& [value, part] : {std::pair(*set.sample_count, "SampleCount"), std::pair(*set.sum, "Sum"),
                                    std::pair(*set.minimum, "Minimum"), std::pair(*set.maximum, "Maximum")}) {
    if (auto checked = check_number(value, name + ".StatisticValues." + part); !checked) {
      return std::unexpected(std::move(checked).error());
    }
  }
  if (*set.sample_count <= 0) {
    return invalid_value("The parameter " + name + ".StatisticValues.SampleCount must be greater than 0.");
  }
  if (*set.minimum > *set.maximum) {
    return invalid_value("The parameter " + name + ".StatisticValues.Maximum must be greater than or equal to " + name +
                         ".StatisticValues.Minimum.");
  }
  Distribution samples;
  samples.add_statistics(*set.sample_count, *set.sum, *set.minimum, *set.maximum);
  return samples;
}

Result<Distribution> values_of(const m::MetricDatum& datum, const std::string& name) {
  const auto& values = *datum.values;
  if (values.empty() || values.size() > kMaxValues) {
    return invalid_value("The collection " + name + ".Values must have a size from 1 to " + std::to_string(kMaxValues) +
                         ".");
  }
  if (datum.counts && datum.counts->size() != values.size()) {
    return invalid_combination("The collections " + name + ".Values and " + name + ".Counts must be of the same size.");
  }
  Distribution samples;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double count = datum.counts ? (*datum.counts)[i] : 1;
    if (auto checked = check_number(values[i], name + ".Values"); !checked) return std::unexpected(checked.error());
    if (!(count > 0 && count <= kLargest))
      return invalid_value("The values of " + name + ".Counts must be greater than 0.");
    samples.add(values[i], count);
  }
  return samples;
}

Result<Distribution> samples_of(const m::MetricDatum& datum, const std::string& name) {
  const int given = datum.value.has_value() + datum.values.has_value() + datum.statistic_values.has_value();
  if (given == 0) return missing_parameter(name + ".Value");
  if (given > 1) {
    return invalid_combination("The parameters " + name + ".Value, " + name + ".Values and " + name +
                               ".StatisticValues are mutually exclusive and you have specified more than one.");
  }
  if (datum.counts && !datum.values)
    return invalid_combination("The parameter " + name + ".Counts needs " + name + ".Values.");
  if (datum.statistic_values) return statistics_of(*datum.statistic_values, name);
  if (datum.values) return values_of(datum, name);
  if (auto checked = check_number(*datum.value, name + ".Value"); !checked) return std::unexpected(checked.error());
  Distribution samples;
  samples.add(*datum.value);
  return samples;
}

Result<Sample> sample_of(const cloud::Scope& scope, const std::string& name_space, m::MetricDatum& datum,
                         const std::string& name, Time now) {
  Sample sample;
  Result<void> dimensions = check_dimensions(datum.dimensions, name + ".Dimensions");
  if (!dimensions) return std::unexpected(std::move(dimensions).error());
  auto metric = metric_of(scope, name_space, datum.metric_name, datum.dimensions);
  if (!metric) return std::unexpected(std::move(metric).error());
  sample.metric = *std::move(metric);
  sample.unit = datum.unit.value_or("None");
  sample.time = datum.timestamp.value_or(now);
  if (sample.time > now + kNewest) {
    return invalid_value("The parameter " + name +
                         ".Timestamp must specify a time no more than two hours in the future.");
  }
  if (sample.time < now - kOldest) {
    return invalid_value("The parameter " + name +
                         ".Timestamp must specify a time no more than two weeks in the past.");
  }
  const auto resolution = datum.storage_resolution.value_or(60);
  if (resolution != 1 && resolution != 60) {
    return invalid_value("The parameter " + name + ".StorageResolution must be 1 or 60.");
  }
  sample.high_resolution = resolution == 1;
  auto samples = samples_of(datum, name);
  if (!samples) return std::unexpected(std::move(samples).error());
  sample.samples = *std::move(samples);
  return sample;
}

}  // namespace

Result<std::vector<Sample>> samples_of(const cloud::Scope& scope, m::PutMetricDataInput& request, Time now) {
  if (request.entity_metric_data) return not_supported_yet("EntityMetricData");
  if (request.strict_entity_validation) return not_supported_yet("StrictEntityValidation");
  if (request.namespace_->starts_with("AWS/")) {
    return invalid_value("The value AWS/ for parameter Namespace is invalid: it is reserved for services.");
  }
  if (!request.metric_data || request.metric_data->empty()) return missing_parameter("MetricData");
  if (request.metric_data->size() > kMaxData) {
    return invalid_value("The collection MetricData must not have a size greater than " + std::to_string(kMaxData) +
                         ".");
  }
  std::vector<Sample> samples;
  samples.reserve(request.metric_data->size());
  for (std::size_t i = 0; i < request.metric_data->size(); ++i) {
    auto sample = sample_of(scope, *request.namespace_, (*request.metric_data)[i],
                            "MetricData.member." + std::to_string(i + 1), now);
    if (!sample) return std::unexpected(std::move(sample).error());
    samples.push_back(*std::move(sample));
  }
  return samples;
}

}  // namespace signalbox::cloudwatch
