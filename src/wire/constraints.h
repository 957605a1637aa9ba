// The constraints of a model, checked on a decoded request, with AWS's own words for what is wrong.
#pragma once

#include "base/result.h"
#include "wire/shape.h"

namespace signalbox::wire {

/// Checks required members, lengths, ranges, patterns and enums of `structure`, which `shape` describes.
/// Most services list every violation in one ValidationException ("2 validation errors detected: ..."), which those
/// that speak the query protocol call ValidationError. SQS checks only that required members are there
/// (MissingParameter) and leaves the rest to its operations.
Result<void> check_constraints(const Service& service, const Shape& shape, const void* structure);

/// True when every pattern of the service's shapes can be checked; names one that cannot in `bad`. For tests.
bool patterns_are_usable(const Service& service, std::string& bad);

}  // namespace signalbox::wire
