// Lifecycle rules: what expires when ("Managing the lifecycle of objects" in the Amazon S3 User Guide).
#pragma once

#include <optional>
#include <string>

#include "services/s3/core.h"

namespace signalbox::s3 {

/// Sets the alarm for the next midnight, UTC, when some bucket has rules; `soon`: for now, for the midnights that
/// passed while nothing ran. While loading, or on shard 0.
void arm_lifecycle(Core& core, bool soon = false);

/// The x-amz-expiration header of an object's newest version; empty where no rule expires it.
std::optional<std::string> expiration_header(const Bucket& bucket, std::string_view key, const ObjectVersion& version);

}  // namespace signalbox::s3
