// From the text of a query to its commands.
#pragma once

#include <string_view>

#include "base/result.h"
#include "services/logs/insights/syntax.h"

namespace signalbox::logs::insights {

inline constexpr std::size_t kMaxQueryLength = 10'000;  // of the API
inline constexpr std::size_t kMaxLimit = 10'000;        // of the limit command

/// Errors: MalformedQueryException with the place; commands and functions that are not done are named.
Result<Syntax> parse_query(std::string_view text);

}  // namespace signalbox::logs::insights
