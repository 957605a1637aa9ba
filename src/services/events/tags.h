// Tags of buses and rules.
#pragma once

#include "base/result.h"
#include "cloud/tags.h"
#include "services/events/records.h"

namespace signalbox::events {

/// Adds tags. Errors: ValidationException, for those that AWS keeps to itself and more than a resource may have.
Result<void> put_tags(Tags& tags, const cloud::TagList& given);

}  // namespace signalbox::events
