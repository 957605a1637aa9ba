#pragma once

#include <vector>

#include "services/cloudwatch/core.h"

namespace signalbox::cloudwatch {

/// The samples of a PutMetricData request. Errors: InvalidParameterValueException and the like, with AWS's names of
/// what is wrong.
Result<std::vector<Sample>> samples_of(const cloud::Scope& scope, m::PutMetricDataInput& request, Time now);

}  // namespace signalbox::cloudwatch
