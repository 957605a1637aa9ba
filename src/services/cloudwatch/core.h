// What the operations of CloudWatch share, and where each group of them is registered.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cloud/services.h"
#include "models/cloudwatch.h"
#include "services/cloudwatch/alarm_set.h"
#include "services/cloudwatch/metric_store.h"

namespace signalbox::cloudwatch {

namespace m = models::cloudwatch;

struct Core {
  explicit Core(const cloud::House& with);

  const cloud::House house;
  MetricStore metrics;
  AlarmSets alarms;
};

/// Each registers its operations with the door; `core` outlives it.
void register_metric_operations(Core& core);
void register_alarm_operations(Core& core);
void register_alarm_queries(Core& core);
void register_dashboard_operations(Core& core);
void register_tag_operations(Core& core);

/// Takes what was measured into the metrics. On any shard.
asio::awaitable<Result<void>> take_measures(Core& core);

/// The dimensions of a request; of a name that comes twice nothing is said. Errors: InvalidParameterValueException.
Result<cloud::MetricId> metric_of(const cloud::Scope& scope, const std::optional<std::string>& name_space,
                                  const std::optional<std::string>& name,
                                  const std::optional<std::vector<m::Dimension>>& dimensions);
/// Whether dimensions that are put are such as CloudWatch keeps; `name` is the parameter's. Errors:
/// InvalidParameterValueException.
Result<void> check_dimensions(const std::optional<std::vector<m::Dimension>>& dimensions, std::string_view name);

std::unexpected<Error> invalid_value(std::string message);
std::unexpected<Error> invalid_combination(std::string message);
std::unexpected<Error> missing_parameter(std::string_view name);
std::unexpected<Error> not_supported_yet(std::string_view field, std::string_view why = "");

}  // namespace signalbox::cloudwatch
