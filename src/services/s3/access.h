// Who may do what: operations described as accesses to buckets and objects (cloud/authority.h), with the policy and the
// list that have a say in it as they are after the bucket's public access block and object ownership.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/s3/core.h"
#include "services/s3/request_keys.h"
#include "services/s3/versions.h"

namespace signalbox::s3 {

using cloud::Access;
using cloud::Accesses;

/// An access to a bucket. `permission` is the list's ("READ", "" for what lists say nothing of).
Access bucket_access(const cloud::Call& call, const Bucket& bucket, std::string action, std::string_view permission);
/// The same to an object; `version` is the one that it is about, null where there is none yet.
Access object_access(const cloud::Call& call, const Bucket& bucket, std::string_view key, std::string action,
                     std::string_view permission, const ObjectVersion* version);

/// The bucket that a request names, of the owner that it expects. Errors: NoSuchBucket, AccessDenied,
/// InvalidBucketOwnerAWSAccountID.
Result<BucketPtr> bucket_of(const Core& core, const std::optional<std::string>& name,
                            const std::optional<std::string>& expected_owner);

/// Tells the authority what is known of buckets.
void tell_facts(Core& core);

bool is_anonymous(const cloud::Call& call);
/// The caller's account, or that which a service of this server acts for; "" for anonymous callers.
const std::string& account_of(const cloud::Call& call);

/// Whether a policy gives anything to everybody ("The meaning of public" in the Amazon S3 User Guide).
bool is_public(const policy::Document& document);

/// Registers an operation: `describe(call, input)` tells its accesses, which are completed and decided before
/// `handle(call, input)`.
template <class In, class Out, class Describe, class Handle>
void serve(Core& core, const wire::OperationOf<In, Out>& operation, Describe describe, Handle handle) {
  core.house.authority.describe(
      operation, [describe, operation](const cloud::Call& call, const wire::AnyStructure& input) -> Answer<Accesses> {
        if constexpr (requires(const In& in) { in.version_id; }) {
          if (input.as<In>().version_id == "") co_return empty_version("versionId", "");
        }
        Result<Accesses> accesses = co_await describe(call, input.as<In>());
        if (accesses) complete(call, *operation.operation, input, *accesses);
        co_return accesses;
      });
  core.house.door.handle(operation, std::move(handle));
}

/// Describes an operation on one bucket.
inline auto on_bucket(Core& core, const char* action, std::string_view permission = {}) {
  return [&core, action, permission](const cloud::Call& call, const auto& input) -> Answer<Accesses> {
    const Result<BucketPtr> bucket = bucket_of(core, input.bucket, input.expected_bucket_owner);
    if (!bucket) co_return std::unexpected(bucket.error());
    Accesses accesses;
    accesses.push_back(bucket_access(call, **bucket, action, permission));
    co_return accesses;
  };
}

/// Describes the reading or changing of an object that should be there. What is not there is told only to those who
/// may list the bucket.
Answer<Accesses> describe_object(Core& core, const cloud::Call& call, BucketPtr bucket, std::string key,
                                 std::optional<std::string> version, std::string action, std::string_view permission);

template <class In>
std::optional<std::string> version_of(const In& input) {
  if constexpr (requires { input.version_id; }) return input.version_id;
  return std::nullopt;
}

/// `action` for the newest version, `version_action` for one that is named.
inline auto on_object(Core& core, const char* action, const char* version_action, std::string_view permission) {
  return [&core, action, version_action, permission](const cloud::Call& call, const auto& input) -> Answer<Accesses> {
    const Result<BucketPtr> bucket = bucket_of(core, input.bucket, input.expected_bucket_owner);
    if (!bucket) co_return std::unexpected(bucket.error());
    const auto version = version_of(input);
    co_return co_await describe_object(core, call, *bucket, *input.key, version, version ? version_action : action,
                                       permission);
  };
}

/// Describes the writing of a key, whatever is there now.
inline auto on_key(Core& core, const char* action) {
  return [&core, action](const cloud::Call& call, const auto& input) -> Answer<Accesses> {
    const Result<BucketPtr> bucket = bucket_of(core, input.bucket, input.expected_bucket_owner);
    if (!bucket) co_return std::unexpected(bucket.error());
    Accesses accesses;
    accesses.push_back(object_access(call, **bucket, *input.key, action, "WRITE", nullptr));
    co_return accesses;
  };
}

/// Whether what is copied passes its tags on.
template <class In>
bool passes_tags(const In& input) {
  if constexpr (requires { input.tagging_directive; }) return input.tagging_directive != "REPLACE";
  return false;
}

/// Describes the copying of an object: reading the source, its tags where those are `passed` on and there are some, and
/// writing the key.
Answer<Accesses> describe_source(Core& core, const cloud::Call& call, const std::string& copy_source,
                                 const std::optional<std::string>& expected_owner, bool passed);
inline auto on_copy(Core& core) {
  return [&core](const cloud::Call& call, const auto& input) -> Answer<Accesses> {
    Result<Accesses> writing = co_await on_key(core, "s3:PutObject")(call, input);
    if (!writing) co_return writing;
    Result<Accesses> reading = co_await describe_source(core, call, *input.copy_source,
                                                        input.expected_source_bucket_owner, passes_tags(input));
    if (!reading) co_return reading;
    for (Access& access : *reading) writing->push_back(std::move(access));
    co_return writing;
  };
}

}  // namespace signalbox::s3
