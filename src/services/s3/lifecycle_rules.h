// Lifecycle rules by themselves: what they are about, and what S3 takes for one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/s3/core.h"
#include "services/s3/object_headers.h"

namespace signalbox::s3 {

/// x-amz-transition-default-minimum-object-size.
inline constexpr std::string_view kMinimum128K = "all_storage_classes_128K";
inline constexpr std::string_view kMinimumByClass = "varies_by_storage_class";

/// What a rule is about.
struct Scope {
  std::string prefix;
  Tags tags;
  std::optional<std::int64_t> above;
  std::optional<std::int64_t> below;
};
Scope scope_of(const model::LifecycleRule& rule);
bool is_about(const Scope& scope, std::string_view key, const ObjectVersion& version);

/// The next midnight, UTC, unless it is one.
Time midnight_after(Time time);

/// Objects move from lower to higher ones only ("Supported transitions").
int class_rank(std::string_view storage_class);
/// Whether the object is large enough to be moved: a rule that names sizes has said so itself.
bool may_move(const Bucket& bucket, const Scope& scope, const ObjectVersion& version, std::string_view target);

/// Errors: InvalidArgument, InvalidRequest, MalformedXML; NotImplemented, naming what is not done yet.
Result<void> check_lifecycle(const model::BucketLifecycleConfiguration& configuration);

}  // namespace signalbox::s3
