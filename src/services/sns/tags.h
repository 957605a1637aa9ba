// Tags of topics.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "models/sns.h"
#include "services/sns/records.h"

namespace signalbox::sns {

/// AWS's quota of tags on a resource.
inline constexpr std::size_t kMaxTags = 50;

/// Errors: InvalidParameter, TagLimitExceeded.
Result<Attributes> read_tags(const std::optional<std::vector<models::sns::Tag>>& tags);

}  // namespace signalbox::sns
