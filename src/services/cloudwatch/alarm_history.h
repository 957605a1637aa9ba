// What happened to alarms, for as long as CloudWatch tells it.
#pragma once

#include "services/cloudwatch/core.h"

namespace signalbox::cloudwatch {

/// "CloudWatch saves alarm history for 30 days."
inline constexpr auto kHistoryKept = std::chrono::hours(24 * 30);

/// Adds the item, and the removal of what is too old.
void put_history(AlarmSet& set, const m::AlarmHistoryItem& item, store::Batch& batch);

/// Errors: InvalidNextToken.
Result<m::DescribeAlarmHistoryOutput> describe_history(Core& core, const cloud::Scope& scope,
                                                       const m::DescribeAlarmHistoryInput& request);

}  // namespace signalbox::cloudwatch
