// GetObjectTagging, PutObjectTagging, DeleteObjectTagging.

#include "services/s3/access.h"
#include "services/s3/content.h"
#include "services/s3/object_headers.h"

namespace signalbox::s3 {
namespace {

Answer<model::GetObjectTaggingOutput> get_tags(Core& core, const cloud::Call&, model::GetObjectTaggingRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  const Result<ObjectVersion> version = described_version(core, **bucket, *input.key, input.version_id, "GET");
  if (!version) co_return std::unexpected(version.error());
  model::GetObjectTaggingOutput output;
  output.tag_set = show_tags(version->headers.tags);
  if (version->version != kNullVersion) output.version_id = version->version;
  co_return output;
}

/// The version that has the tags from now on.
Answer<ObjectVersion> set_tags(Core& core, const cloud::Call& call, std::string bucket_name, std::string key,
                               std::optional<std::string> version_id, Tags tags, Notice::Kind kind) {
  ObjectVersion changed;
  Result<void> done = co_await in_turn(core.stripe_of(bucket_name, key), [&]() -> Answer<void> {
    Result<BucketPtr> bucket = bucket_of(core, bucket_name, {});
    if (!bucket) co_return std::unexpected(std::move(bucket).error());
    Result<ObjectVersion> version =
        described_version(core, **bucket, key, version_id, kind == Notice::Kind::kTagged ? "PUT" : "DELETE");
    if (!version) co_return std::unexpected(std::move(version).error());
    const auto current = newest(core, bucket_name, key);
    if (!current) co_return std::unexpected(current.error());
    if (!*current) co_return no_such_key(key);
    version->headers.tags = std::move(tags);
    Change change(*std::move(bucket));
    rewrite_version(key, **current, *version, change);
    change.notices.push_back(notice_of(call, kind, key, *version));
    changed = *std::move(version);
    co_return co_await commit(core, std::move(change));
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return changed;
}

Answer<model::PutObjectTaggingOutput> put_tags(Core& core, const cloud::Call& call,
                                               model::PutObjectTaggingRequest input) {
  Result<Tags> tags = read_tags(input.tagging->tag_set.value_or(std::vector<model::Tag>()), kMaxObjectTags);
  if (!tags) co_return std::unexpected(std::move(tags).error());
  const Result<ObjectVersion> version = co_await set_tags(core, call, *input.bucket, *input.key, input.version_id,
                                                          *std::move(tags), Notice::Kind::kTagged);
  if (!version) co_return std::unexpected(version.error());
  model::PutObjectTaggingOutput output;
  if (version->version != kNullVersion) output.version_id = version->version;
  co_return output;
}

Answer<model::DeleteObjectTaggingOutput> delete_tags(Core& core, const cloud::Call& call,
                                                     model::DeleteObjectTaggingRequest input) {
  const Result<ObjectVersion> version =
      co_await set_tags(core, call, *input.bucket, *input.key, input.version_id, {}, Notice::Kind::kUntagged);
  if (!version) co_return std::unexpected(version.error());
  model::DeleteObjectTaggingOutput output;
  if (version->version != kNullVersion) output.version_id = version->version;
  co_return output;
}

}  // namespace

void register_tag_operations(Core& core) {
  serve(core, model::kGetObjectTagging, on_object(core, "s3:GetObjectTagging", "s3:GetObjectVersionTagging", ""),
        [&core](const cloud::Call& call, model::GetObjectTaggingRequest input) {
          return get_tags(core, call, std::move(input));
        });
  serve(core, model::kPutObjectTagging, on_object(core, "s3:PutObjectTagging", "s3:PutObjectVersionTagging", ""),
        [&core](const cloud::Call& call, model::PutObjectTaggingRequest input) {
          return put_tags(core, call, std::move(input));
        });
  serve(core, model::kDeleteObjectTagging,
        on_object(core, "s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging", ""),
        [&core](const cloud::Call& call, model::DeleteObjectTaggingRequest input) {
          return delete_tags(core, call, std::move(input));
        });
}

}  // namespace signalbox::s3
