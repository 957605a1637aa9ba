// The parameters of a path's query in the REST protocols.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/shape.h"

namespace signalbox::wire {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// Names and values in their order; empty optional when one has a broken escape, or there are more than
/// kMaxFormParameters.
std::optional<Parameters> query_parameters(std::string_view query);

/// All parameters into a map of texts, each with its first value, or of lists of texts.
void read_query_table(const Member& member, const Parameters& parameters, void* structure);

}  // namespace signalbox::wire
