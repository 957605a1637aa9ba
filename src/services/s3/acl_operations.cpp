// GetBucketAcl, PutBucketAcl, GetObjectAcl, PutObjectAcl.

#include "services/s3/access.h"
#include "services/s3/bucket_changes.h"
#include "services/s3/content.h"

namespace signalbox::s3 {
namespace {

Answer<model::GetBucketAclOutput> get_bucket_acl(Core& core, const cloud::Call&, model::GetBucketAclRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  model::GetBucketAclOutput output;
  output.owner = owner_of((*bucket)->scope.account);
  output.grants = grants_of((*bucket)->acl);
  co_return output;
}

std::unexpected<Error> no_acl_given() {
  return s3_error("MissingSecurityHeader", "Your request was missing a required header", 400,
                  {{"MissingHeaderName", "x-amz-acl"}});
}

Answer<model::PutBucketAclResponse> put_bucket_acl(Core& core, const cloud::Call&, model::PutBucketAclRequest input) {
  const AclSource source = acl_source(input);
  if (!source.given()) co_return no_acl_given();
  co_return co_await change_bucket<model::PutBucketAclResponse>(
      core, input.bucket, [&](Bucket& bucket) -> Result<void> {
        if (bucket.enforces_owner()) {
          return fail("AccessControlListNotSupported", "The bucket does not allow ACLs", 400);
        }
        Result<Acl> acl = acl_of(source, bucket.scope.account, bucket.scope.account);
        if (!acl) return std::unexpected(std::move(acl).error());
        if (bucket.block().block_acls && is_public(*acl)) return access_denied();
        bucket.acl = *std::move(acl);
        return {};
      });
}

Answer<model::GetObjectAclOutput> get_object_acl(Core& core, const cloud::Call&, model::GetObjectAclRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  const Result<ObjectVersion> version = described_version(core, **bucket, *input.key, input.version_id, "GET");
  if (!version) co_return std::unexpected(version.error());
  model::GetObjectAclOutput output;
  const bool enforced = (*bucket)->enforces_owner();
  const std::string& owner = enforced ? (*bucket)->scope.account : version->owner;
  output.owner = owner_of(owner);
  output.grants = grants_of(enforced ? Acl{{canonical_id(owner), "FULL_CONTROL"}} : version->acl);
  co_return output;
}

Answer<model::PutObjectAclOutput> put_object_acl(Core& core, const cloud::Call& call,
                                                 model::PutObjectAclRequest input) {
  const AclSource source = acl_source(input);
  if (!source.given()) co_return no_acl_given();
  if (input.grant_write) co_return invalid_argument("x-amz-grant-write is for buckets only.", "x-amz-grant-write", "");
  const std::string& key = *input.key;
  Result<void> done = co_await in_turn(core.stripe_of(*input.bucket, key), [&]() -> Answer<void> {
    Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
    if (!bucket) co_return std::unexpected(std::move(bucket).error());
    Result<ObjectVersion> version = described_version(core, **bucket, key, input.version_id, "PUT");
    if (!version) co_return std::unexpected(std::move(version).error());
    const auto current = newest(core, *input.bucket, key);
    if (!current) co_return std::unexpected(current.error());
    if (!*current) co_return no_such_key(key);
    Result<OwnedAcl> owned = object_acl(**bucket, version->owner, source, false);
    if (!owned) co_return std::unexpected(std::move(owned).error());
    version->acl = std::move(owned->acl);
    Change change(*std::move(bucket));
    rewrite_version(key, **current, *version, change);
    change.notices.push_back(notice_of(call, Notice::Kind::kListed, key, *version));
    co_return co_await commit(core, std::move(change));
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return model::PutObjectAclOutput{};
}

}  // namespace

void register_acl_operations(Core& core) {
  serve(core, model::kGetBucketAcl, on_bucket(core, "s3:GetBucketAcl", "READ_ACP"),
        [&core](const cloud::Call& call, model::GetBucketAclRequest input) {
          return get_bucket_acl(core, call, std::move(input));
        });
  serve(core, model::kPutBucketAcl, on_bucket(core, "s3:PutBucketAcl", "WRITE_ACP"),
        [&core](const cloud::Call& call, model::PutBucketAclRequest input) {
          return put_bucket_acl(core, call, std::move(input));
        });
  serve(core, model::kGetObjectAcl, on_object(core, "s3:GetObjectAcl", "s3:GetObjectVersionAcl", "READ_ACP"),
        [&core](const cloud::Call& call, model::GetObjectAclRequest input) {
          return get_object_acl(core, call, std::move(input));
        });
  serve(core, model::kPutObjectAcl, on_object(core, "s3:PutObjectAcl", "s3:PutObjectVersionAcl", "WRITE_ACP"),
        [&core](const cloud::Call& call, model::PutObjectAclRequest input) {
          return put_object_acl(core, call, std::move(input));
        });
}

}  // namespace signalbox::s3
