// Where buckets are: the Region that a CreateBucket request may name, and how it is told again.
#pragma once

#include <string>
#include <string_view>

#include "services/s3/core.h"

namespace signalbox::s3 {

inline constexpr std::string_view kFirstRegion = "us-east-1";  // what S3 takes where none is named
inline constexpr std::string_view kOldEurope = "EU";           // an old name of eu-west-1, which its buckets keep

struct Location {
  std::string region;
  std::string constraint;  // "EU" where the request said so; else ""
};

/// The Region of the endpoint that the request was sent to: "aws-global" is that of us-east-1.
std::string_view endpoint_region(const cloud::Call& call);

/// The endpoint of us-east-1 makes buckets in every Region, and all others in their own. Errors:
/// InvalidLocationConstraint, IllegalLocationConstraintException, NotImplemented.
Result<Location> location_of(const cloud::Call& call, const model::CreateBucketRequest& input);

/// The header Location of a new bucket.
std::string location_header(const Bucket& bucket);

bool is_region(std::string_view name);

}  // namespace signalbox::s3
