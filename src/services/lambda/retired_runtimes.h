// Runtimes that functions can be made with.
#pragma once

#include <string_view>

#include "base/result.h"

namespace signalbox::lambda {

/// "Deprecated runtimes" of "Lambda runtimes" in the Lambda Developer Guide: those that are blocked from function
/// create and update, are refused as such; others must be among those that AWS lists. Errors:
/// InvalidParameterValueException.
Result<void> check_runtime(std::string_view runtime);

}  // namespace signalbox::lambda
