// Tags of trails, as requests have them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/cloudtrail.h"

namespace signalbox::cloudtrail {

/// Errors: TagsLimitExceededException, InvalidTagParameterException.
Result<void> add_tags(std::map<std::string, std::string>& tags, const std::vector<models::cloudtrail::Tag>& given);

}  // namespace signalbox::cloudtrail
