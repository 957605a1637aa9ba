#pragma once

#include "services/cloudwatch/core.h"

namespace signalbox::cloudwatch {

/// Errors: ValidationError, InvalidParameterValueException, InvalidNextToken.
Result<m::GetMetricDataOutput> get_metric_data(Core& core, const cloud::Scope& scope,
                                               const m::GetMetricDataInput& request);

/// Errors: InvalidParameterValueException, InvalidParameterCombinationException.
Result<m::GetMetricStatisticsOutput> get_metric_statistics(Core& core, const cloud::Scope& scope,
                                                           const m::GetMetricStatisticsInput& request);

}  // namespace signalbox::cloudwatch
