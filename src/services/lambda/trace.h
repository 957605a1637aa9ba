// X-Ray's tracing header on its way to a function ("Tracing header" in the X-Ray Developer Guide).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"

namespace signalbox::lambda {

/// What a function gets for a request with that header ("" for none): what is given stays, and a root, a parent and
/// the decision not to sample are added where there is none. What is no such header counts as none.
std::string trace_header_for(std::string_view given, Time now, Random& random);

}  // namespace signalbox::lambda
