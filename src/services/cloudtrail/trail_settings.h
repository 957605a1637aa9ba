// What CreateTrail and UpdateTrail ask for, checked.
#pragma once

#include "models/cloudtrail.h"
#include "services/cloudtrail/core.h"

namespace signalbox::cloudtrail {

/// Sets in `trail` what the request names, and checks it against the bucket, the topic and the log group. Errors:
/// AWS's, and UnsupportedOperationException naming what Signalbox does not do.
asio::awaitable<Result<Trail>> settle(Core& core, Trail trail, models::cloudtrail::UpdateTrailRequest request);

}  // namespace signalbox::cloudtrail
