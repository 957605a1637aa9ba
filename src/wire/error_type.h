// How errors are named where a structure says what they are.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "wire/shape.h"

namespace signalbox::wire {

/// What __type says. Services that have prefixes have another for the errors that their models do not declare, which
/// they name there as exceptions, while x-amzn-query-error has the query protocol's name.
std::string error_type(const Service& service, const std::string& code);

/// The x-amzn-query-error header of a service that is query compatible.
std::pair<std::string, std::string> query_error_header(const Service& service, const Error& error, int status);

}  // namespace signalbox::wire
