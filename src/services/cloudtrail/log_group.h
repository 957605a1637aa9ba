// The log group that a trail sends its events to ("Sending events to CloudWatch Logs").
#pragma once

#include <vector>

#include "services/cloudtrail/core.h"

namespace signalbox::cloudtrail {

/// Makes the stream that the trail will write to: it is where the role shows what it may. Errors:
/// InvalidCloudWatchLogsLogGroupArnException, InvalidCloudWatchLogsRoleArnException.
asio::awaitable<Result<void>> check_log_group(Core& core, Trail trail);

/// Puts the records, in order of time. Errors: those of Logs.
asio::awaitable<Result<void>> put_log_events(Core& core, Trail trail, std::string region,
                                             std::vector<Pending::Waiting> records);

}  // namespace signalbox::cloudtrail
