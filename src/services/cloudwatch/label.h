// Labels of GetMetricData's results, and what can stand in them ("Dynamic labels" in the CloudWatch User Guide).
#pragma once

#include <string>
#include <string_view>

#include "cloud/scope.h"
#include "services/cloudwatch/math.h"
#include "services/cloudwatch/query.h"

namespace signalbox::cloudwatch {

/// "+0130" as a difference from UTC. Errors: ValidationError.
Result<Duration> parse_zone(std::string_view text);

/// The label with its ${...} replaced, for a series that goes by `name` without one. Errors: ValidationError naming a
/// variable that is not known.
Result<std::string> make_label(std::string_view label, const std::string& name, const Query& query,
                               const TimeSeries& series, const cloud::Scope& scope, Duration zone);

}  // namespace signalbox::cloudwatch
