// DeleteObject, DeleteObjects.

#include "services/s3/access.h"
#include "services/s3/object_headers.h"

namespace signalbox::s3 {
namespace {

constexpr std::size_t kMaxDeletes = 1000;

Answer<Deleted> delete_one(Core& core, const cloud::Call& call, const std::string& bucket_name, const std::string& key,
                           const std::optional<std::string>& version, const std::optional<std::string>& if_match) {
  Deleted deleted;
  Result<void> done = co_await in_turn(core.stripe_of(bucket_name, key), [&]() -> Answer<void> {
    Result<BucketPtr> bucket = bucket_of(core, bucket_name, {});
    if (!bucket) co_return std::unexpected(std::move(bucket).error());
    if (if_match) {
      const auto current = newest(core, bucket_name, key);
      if (!current) co_return std::unexpected(current.error());
      Result<void> holds = check_write_conditions(*current, key, if_match, {});
      if (!holds) co_return holds;
    }
    Change change(*std::move(bucket));
    Result<Deleted> made = delete_key(core, key, version, notice_of(call, Notice::Kind::kDeleted), change);
    if (!made) co_return std::unexpected(std::move(made).error());
    deleted = *std::move(made);
    if (change.batch.empty()) co_return Result<void>();
    co_return co_await commit(core, std::move(change));
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return deleted;
}

Answer<model::DeleteObjectOutput> delete_object(Core& core, const cloud::Call& call, model::DeleteObjectRequest input) {
  if (input.mfa) co_return not_implemented("x-amz-mfa");
  if (input.bypass_governance_retention.value_or(false)) co_return not_implemented("x-amz-bypass-governance-retention");
  if (input.if_match_last_modified_time || input.if_match_size) {
    co_return not_implemented("x-amz-if-match-last-modified-time and x-amz-if-match-size");
  }
  const Result<Deleted> deleted =
      co_await delete_one(core, call, *input.bucket, *input.key, input.version_id, input.if_match);
  if (!deleted) co_return std::unexpected(deleted.error());
  model::DeleteObjectOutput output;
  if (deleted->marker) output.delete_marker = true;
  output.version_id = deleted->version;
  co_return output;
}

model::DeletedObject shown(const model::ObjectIdentifier& object, const Deleted& deleted) {
  model::DeletedObject out;
  out.key = object.key;
  out.version_id = object.version_id;
  if (deleted.marker) {
    out.delete_marker = true;
    out.delete_marker_version_id = deleted.version;
  }
  return out;
}

/// Whether the caller may delete that one of many; the request as a whole is open to all.
Result<void> may_delete(const Core& core, const cloud::Call& call, const Bucket& bucket,
                        const model::ObjectIdentifier& object) {
  return core.house.authority.decide(
      call, object_access(call, bucket, *object.key, object.version_id ? "s3:DeleteObjectVersion" : "s3:DeleteObject",
                          "WRITE", nullptr));
}

Answer<model::DeleteObjectsOutput> delete_objects(Core& core, const cloud::Call& call,
                                                  model::DeleteObjectsRequest input) {
  if (input.mfa) co_return not_implemented("x-amz-mfa");
  if (input.bypass_governance_retention.value_or(false)) co_return not_implemented("x-amz-bypass-governance-retention");
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  const auto objects = input.delete_->objects.value_or(std::vector<model::ObjectIdentifier>());
  if (objects.empty() || objects.size() > kMaxDeletes) {
    co_return malformed_xml();
  }
  const bool quiet = input.delete_->quiet.value_or(false);
  model::DeleteObjectsOutput output;
  for (const model::ObjectIdentifier& object : objects) {
    Result<Deleted> deleted = Deleted();
    Result<void> allowed = may_delete(core, call, **bucket, object);
    if (!allowed) deleted = access_denied();
    if (object.last_modified_time || object.size) deleted = not_implemented("deleting by LastModifiedTime or Size");
    if (deleted) {
      deleted = co_await delete_one(core, call, *input.bucket, *object.key, object.version_id, object.e_tag);
    }
    if (deleted && !quiet) {
      if (!output.deleted) output.deleted.emplace();
      output.deleted->push_back(shown(object, *deleted));
    }
    if (!deleted) {
      if (!output.errors) output.errors.emplace();
      model::Error& error = output.errors->emplace_back();
      error.key = object.key;
      error.version_id = object.version_id;
      // Of many, one whose version cannot be is told as one that is not there.
      const bool no_version = object.version_id && deleted.error().code == "InvalidArgument";
      error.code = no_version ? "NoSuchVersion" : deleted.error().code;
      error.message = no_version ? "The specified version does not exist." : deleted.error().message;
    }
  }
  co_return output;
}

}  // namespace

void register_delete_operations(Core& core) {
  serve(
      core, model::kDeleteObject,
      [&core](const cloud::Call& call, const model::DeleteObjectRequest& input) -> Answer<Accesses> {
        const Result<BucketPtr> bucket = bucket_of(core, input.bucket, input.expected_bucket_owner);
        if (!bucket) co_return std::unexpected(bucket.error());
        Accesses accesses;
        accesses.push_back(object_access(call, **bucket, *input.key,
                                         input.version_id ? "s3:DeleteObjectVersion" : "s3:DeleteObject", "WRITE",
                                         nullptr));
        co_return accesses;
      },
      [&core](const cloud::Call& call, model::DeleteObjectRequest input) {
        return delete_object(core, call, std::move(input));
      });
  serve(
      core, model::kDeleteObjects,
      [&core](const cloud::Call& call, const model::DeleteObjectsRequest& input) -> Answer<Accesses> {
        const Result<BucketPtr> bucket = bucket_of(core, input.bucket, input.expected_bucket_owner);
        if (!bucket) co_return std::unexpected(bucket.error());
        Accesses accesses;
        // Each key is decided by itself, for those whom nobody knows, too.
        if (is_anonymous(call)) accesses.push_back({"s3:DeleteObject", "*", "", nullptr, cloud::AclGrant::kEveryone});
        co_return accesses;
      },
      [&core](const cloud::Call& call, model::DeleteObjectsRequest input) {
        return delete_objects(core, call, std::move(input));
      });
}

}  // namespace signalbox::s3
