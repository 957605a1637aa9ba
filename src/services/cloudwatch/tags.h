// Tags of alarms.
#pragma once

#include "cloud/tags.h"
#include "services/cloudwatch/alarm.h"

namespace signalbox::cloudwatch {

/// Adds tags. Errors: InvalidParameterValue, for those that AWS keeps to itself and more than an alarm may have.
Result<void> put_tags(Tags& tags, const cloud::TagList& given);

}  // namespace signalbox::cloudwatch
