// What a bucket's policy must be to be taken.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "policy/document.h"
#include "services/s3/core.h"

namespace signalbox::s3 {

/// The policy that `text` is. Errors: MalformedPolicy in AWS's words, where it could not do what it says: of actions
/// that S3 does not have, of resources beside the bucket, of actions that none of its resources can have;
/// PolicyTooLarge.
Result<std::shared_ptr<const policy::Document>> read_bucket_policy(const Bucket& bucket, const std::string& text);

}  // namespace signalbox::s3
