// Tags of topics.
#pragma once

#include "base/result.h"
#include "cloud/tags.h"
#include "services/sns/records.h"

namespace signalbox::sns {

/// Adds tags. Errors: InvalidParameter, TagLimitExceeded.
Result<void> put_tags(Attributes& tags, const cloud::TagList& given);

}  // namespace signalbox::sns
