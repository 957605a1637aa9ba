// Filter policies: which messages a subscription wants ("Amazon SNS message filtering"). The language is that of event
// patterns, with limits and error texts of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cloud/event_target.h"
#include "pattern/pattern.h"

namespace signalbox::sns {

/// AWS's quotas: bytes of a policy, its keys, the combinations of its values, policies of a topic.
inline constexpr std::size_t kMaxFilterBytes = 256 * 1024;
inline constexpr std::size_t kMaxFilterKeys = 5;
inline constexpr std::size_t kMaxFilterCombinations = 150;
inline constexpr std::size_t kMaxFiltersOfTopic = 200;

enum class FilterScope { kAttributes, kBody };

/// Empty optional for a policy without keys: it lets everything pass. Errors: InvalidParameter.
Result<std::optional<pattern::Pattern>> compile_filter(std::string_view policy, FilterScope scope);

/// A JSON text with its numbers cut to what SNS compares of them: five digits behind the point.
std::string with_five_decimals(std::string_view json);

/// A message's attributes as the JSON object that filters are matched against: of the types String, Number and
/// String.Array; others do not take part.
std::string filter_event(const cloud::TypedAttributes& attributes);

}  // namespace signalbox::sns
