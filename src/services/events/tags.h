// Tags as requests carry them and as records keep them.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "models/events.h"
#include "services/events/records.h"

namespace signalbox::events {

/// Puts `given` into `tags`. Errors: ValidationException for more than kMaxTags.
Result<void> merge_tags(Tags& tags, const std::optional<std::vector<models::events::Tag>>& given);

}  // namespace signalbox::events
