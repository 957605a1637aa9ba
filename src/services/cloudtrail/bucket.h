// The bucket that a trail delivers to: whether CloudTrail may, and how it does.
#pragma once

#include <map>
#include <string>

#include "services/cloudtrail/core.h"

namespace signalbox::cloudtrail {

/// Whether the bucket is there and its policy lets CloudTrail read its ACL and put that trail's files ("Amazon S3
/// bucket policy for CloudTrail"). Errors: S3BucketDoesNotExistException, InsufficientS3BucketPolicyException.
asio::awaitable<Result<void>> check_bucket(Core& core, Trail trail);

/// "PREFIX/AWSLogs/ACCOUNT/"
std::string log_prefix(const Trail& trail);

/// Puts an object that belongs to the bucket's owner, where the bucket's policy lets CloudTrail. Errors: as
/// check_bucket's, and those of S3.
asio::awaitable<Result<void>> put_file(Core& core, Trail trail, std::string key, std::string content,
                                       std::map<std::string, std::string, std::less<>> metadata);

}  // namespace signalbox::cloudtrail
