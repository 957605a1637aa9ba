// CopyObject: a new object of the same content, which is not read: its blobs are shared.

#include "services/s3/access.h"
#include "services/s3/content.h"
#include "services/s3/intake.h"
#include "services/s3/object_headers.h"
#include "services/s3/uploads.h"

namespace signalbox::s3 {
namespace {

constexpr std::uint64_t kMaxCopyBytes = std::uint64_t{5} * 1024 * 1024 * 1024;

struct Source {
  CopySource named;
  ObjectVersion version;
  bool versioned = false;
};

Result<Source> find_source(Core& core, const model::CopyObjectRequest& input) {
  Result<CopySource> named = read_copy_source(*input.copy_source);
  if (!named) return std::unexpected(std::move(named).error());
  const Result<BucketPtr> bucket = bucket_of(core, named->bucket, input.expected_source_bucket_owner);
  if (!bucket) return std::unexpected(bucket.error());
  Result<ObjectVersion> version = readable_version(core, **bucket, named->key, named->version);
  if (!version) return std::unexpected(std::move(version).error());
  Result<void> holds =
      check_read_conditions({input.copy_source_if_match, input.copy_source_if_none_match,
                             input.copy_source_if_modified_since, input.copy_source_if_unmodified_since},
                            *version, false);
  if (!holds) return std::unexpected(std::move(holds).error());
  if (version->size > kMaxCopyBytes) {
    return fail("InvalidRequest",
                "The specified copy source is larger than the maximum allowable size for a copy source: "
                "5368709120",
                400);
  }
  return Source{*std::move(named), *std::move(version), (*bucket)->versioning != Versioning::kNever};
}

/// What the copy says of itself: what the source says, or what the request does.
Result<ObjectHeaders> headers_of_copy(const model::CopyObjectRequest& input, const Source& source) {
  const bool replaces = input.metadata_directive == "REPLACE";
  const bool retags = input.tagging_directive == "REPLACE";
  Result<ObjectHeaders> given = headers_of(input);
  if (!given) return given;
  ObjectHeaders headers = replaces ? *given : source.version.headers;
  headers.tags = retags ? given->tags : source.version.headers.tags;
  headers.storage_class = given->storage_class;
  const bool onto_itself =
      source.named.bucket == *input.bucket && source.named.key == *input.key && !source.named.version;
  const bool changes = replaces || input.storage_class.has_value();
  if (onto_itself && !changes) {
    return fail("InvalidRequest",
                "This copy request is illegal because it is trying to copy an object to itself without changing the "
                "object's metadata, storage class, website redirect location or encryption attributes.",
                400);
  }
  return headers;
}

/// The source's content as the copy's own.
Answer<Content> share_content(Core& core, const Source& source) {
  Content content(core.blobs);
  if (source.version.is_inline) {
    auto bytes = core.house.store.get(bytes_key(source.named.bucket, source.named.key, source.version.sequence));
    if (!bytes) co_return std::unexpected(std::move(bytes).error());
    if (!*bytes) co_return no_such_key(source.named.key);
    content.is_inline = true;
    content.bytes = **std::move(bytes);
    co_return content;
  }
  const auto pinned = core.blobs.read(source.version.segments);
  for (const Segment& segment : source.version.segments) {
    Result<std::string> id = co_await core.blobs.share(segment.blob);
    if (!id) co_return std::unexpected(std::move(id).error());
    content.kept.add(*id);
    content.segments.push_back({*std::move(id), segment.offset, segment.length});
  }
  co_return content;
}

/// A checksum of another kind than the source has is made by reading it.
Answer<void> set_checksum(Core& core, const std::optional<std::string>& algorithm, const Source& source,
                          ObjectVersion& version) {
  if (!algorithm) co_return Result<void>();
  const auto kind = checksum_kind(*algorithm);
  if (!kind) co_return not_implemented("the checksum algorithm " + *algorithm);
  if (version.checksum && version.checksum->kind == *kind && !version.checksum->composite) co_return Result<void>();
  auto body = open_content(core, source.named.bucket, source.named.key, source.version, {0, source.version.size});
  if (!body) co_return std::unexpected(std::move(body).error());
  Checksum sum(*kind);
  for (;;) {
    const Result<std::string_view> piece = co_await (*body)->read();
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) break;
    sum.update(*piece);
  }
  version.checksum = ObjectChecksum{*kind, sum.digest(), false};
  for (ObjectPart& part : version.parts) part.digest.clear();
  co_return Result<void>();
}

Answer<model::CopyObjectOutput> copy_object(Core& core, const cloud::Call& call, model::CopyObjectRequest input) {
  Result<void> done = check_key(*input.key);
  if (done) done = check_supported(input);
  if (!done) co_return std::unexpected(std::move(done).error());
  const Result<BucketPtr> target = bucket_of(core, input.bucket, {});
  if (!target) co_return std::unexpected(target.error());
  const Result<Source> source = find_source(core, input);
  if (!source) co_return std::unexpected(source.error());
  Result<ObjectHeaders> headers = headers_of_copy(input, *source);
  if (!headers) co_return std::unexpected(std::move(headers).error());
  Result<OwnedAcl> owned = object_acl(**target, account_of(call), acl_source(input), true);
  if (!owned) co_return std::unexpected(std::move(owned).error());
  Result<Content> content = co_await share_content(core, *source);
  if (!content) co_return std::unexpected(std::move(content).error());
  ObjectVersion version = source->version;
  version.modified = core.now();
  version.owner = std::move(owned->owner);
  version.acl = std::move(owned->acl);
  version.headers = *std::move(headers);
  version.segments = std::move(content->segments);
  done = co_await set_checksum(core, input.checksum_algorithm, *source, version);
  if (!done) co_return std::unexpected(std::move(done).error());
  const std::string& key = *input.key;
  done = co_await in_turn(core.stripe_of(*input.bucket, key), [&]() -> Answer<void> {
    Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
    if (!bucket) co_return std::unexpected(std::move(bucket).error());
    const auto current = newest(core, *input.bucket, key);
    if (!current) co_return std::unexpected(current.error());
    Result<void> holds = check_write_conditions(*current, key, input.if_match, input.if_none_match);
    if (!holds) co_return holds;
    Change change(*std::move(bucket));
    Result<void> added = add_version(core, key, version, content->bytes, change);
    if (!added) co_return added;
    change.keep = content->kept.take();
    change.notices.push_back(notice_of(call, Notice::Kind::kCopied, key, version));
    co_return co_await commit(core, std::move(change));
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  model::CopyObjectOutput output;
  if (source->versioned) output.copy_source_version_id = source->version.version;
  if (version.version != kNullVersion) output.version_id = version.version;
  model::CopyObjectResult& result = output.copy_object_result.emplace();
  result.e_tag = quoted_etag(version.etag);
  result.last_modified = version.modified;
  show_object_checksum(result, version);
  co_return output;
}

}  // namespace

void register_copy_operations(Core& core) {
  serve(core, model::kCopyObject, on_copy(core), [&core](const cloud::Call& call, model::CopyObjectRequest input) {
    return copy_object(core, call, std::move(input));
  });
}

}  // namespace signalbox::s3
