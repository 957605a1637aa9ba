// CopyObject: a new object of the same content. That is not read where the copy has the same digests and key: its blobs
// are shared.

#include "base/encoding.h"
#include "services/s3/access.h"
#include "services/s3/content.h"
#include "services/s3/intake.h"
#include "services/s3/lifecycle.h"
#include "services/s3/object_headers.h"
#include "services/s3/uploads.h"

namespace signalbox::s3 {
namespace {

constexpr std::uint64_t kMaxCopyBytes = std::uint64_t{5} * 1024 * 1024 * 1024;

struct Source {
  CopySource named;
  ObjectVersion version;
  std::optional<CustomerKey> key;
};

Result<Source> find_source(Core& core, const model::CopyObjectRequest& input) {
  Result<CopySource> named = read_copy_source(*input.copy_source);
  if (!named) return std::unexpected(std::move(named).error());
  const Result<BucketPtr> bucket = bucket_of(core, named->bucket, input.expected_source_bucket_owner);
  if (!bucket) return std::unexpected(bucket.error());
  Result<ObjectVersion> version = readable_version(core, **bucket, named->key, named->version);
  if (!version) return std::unexpected(std::move(version).error());
  Result<std::optional<CustomerKey>> key = source_key_of(input);
  if (!key) return std::unexpected(std::move(key).error());
  Result<void> holds = check_may_open(*version, *key);
  if (holds) {
    holds = check_read_conditions({input.copy_source_if_match, input.copy_source_if_none_match,
                                   input.copy_source_if_modified_since, input.copy_source_if_unmodified_since},
                                  *version, ReadFor::kCopy, core.house.clock.now());
  }
  if (!holds) return std::unexpected(std::move(holds).error());
  if (version->size > kMaxCopyBytes) {
    return fail("InvalidRequest",
                "The specified copy source is larger than the maximum allowable size for a copy source: "
                "5368709120",
                400);
  }
  return Source{*std::move(named), *std::move(version), *std::move(key)};
}

/// What the copy says of itself: what the source says, or what the request does.
Result<ObjectHeaders> headers_of_copy(const model::CopyObjectRequest& input, const Source& source,
                                      const Bucket& target) {
  const bool replaces = input.metadata_directive == "REPLACE";
  const bool retags = input.tagging_directive == "REPLACE";
  if (input.metadata_directive && !replaces && *input.metadata_directive != "COPY") {
    return invalid_argument("Unknown metadata directive.", "x-amz-metadata-directive", *input.metadata_directive);
  }
  if (input.tagging_directive && !retags && *input.tagging_directive != "COPY") {
    return invalid_argument("Unknown tagging directive.", "x-amz-tagging-directive", *input.tagging_directive);
  }
  Result<ObjectHeaders> given = headers_of(input);
  if (!given) return given;
  ObjectHeaders headers = replaces ? *given : source.version.headers;
  headers.tags = retags ? given->tags : source.version.headers.tags;
  headers.storage_class = given->storage_class;
  const bool onto_itself =
      source.named.bucket == *input.bucket && source.named.key == *input.key && !source.named.version;
  const bool changes = replaces || input.storage_class || input.server_side_encryption ||
                       input.sse_customer_algorithm || !target.encryption.empty();
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
  const auto pinned = core.blobs.read(source.version.segments, {});
  for (const Segment& segment : source.version.segments) {
    Result<std::string> id = co_await core.blobs.share(segment.blob);
    if (!id) co_return std::unexpected(std::move(id).error());
    content.kept.add(*id);
    content.segments.push_back({*std::move(id), segment.offset, segment.length});
  }
  co_return content;
}

/// The copy's checksum: of the kind that is asked for, else the source's. One that was made of parts' becomes one of
/// the whole.
Result<ChecksumKind> checksum_of_copy(const model::CopyObjectRequest& input, const ObjectVersion& source) {
  if (input.checksum_algorithm) return checksum_algorithm(*input.checksum_algorithm);
  return source.checksum ? source.checksum->kind : ChecksumKind::kCrc64Nvme;
}

/// What the copy has of its own, beside headers and lists: digests that the source's do not tell are made by reading
/// it.
Answer<Content> copy_content(Core& core, const Source& source, const std::optional<CustomerKey>& key, ChecksumKind kind,
                             ObjectVersion& version) {
  const bool same_digests =
      version.parts.empty() && version.checksum && version.checksum->kind == kind && !version.checksum->composite;
  const bool same_key = version.sealing == (key ? Sealing::kCustomer : Sealing::kManaged) &&
                        version.customer_key_md5 == (key ? key->md5 : "");
  if (same_digests && same_key) {
    Result<Content> content = co_await share_content(core, source);
    if (content) version.segments = content->segments;
    co_return content;
  }
  auto body =
      open_content(core, source.named.bucket, source.named.key, source.version, {0, source.version.size}, source.key);
  if (!body) co_return std::unexpected(std::move(body).error());
  Expected expected;
  expected.kind = kind;
  expected.key = key;
  Result<Content> content = co_await take_in(core, **body, std::move(expected));
  if (!content) co_return content;
  version.etag = to_hex(content->md5);
  version.checksum = ObjectChecksum{kind, content->digest, false};
  version.parts.clear();
  version.is_inline = content->is_inline;
  version.segments = content->segments;
  version.sealing = key ? Sealing::kCustomer : Sealing::kManaged;
  version.customer_key_md5 = key ? key->md5 : "";
  co_return content;
}

Answer<model::CopyObjectOutput> copy_object(Core& core, const cloud::Call& call, model::CopyObjectRequest input) {
  Result<void> done = check_key(*input.key);
  if (done) done = check_supported(input);
  if (done) done = check_condition_headers(input.if_match, input.if_none_match);
  if (!done) co_return std::unexpected(std::move(done).error());
  const Result<BucketPtr> target = bucket_of(core, input.bucket, {});
  if (!target) co_return std::unexpected(target.error());
  const Result<Source> source = find_source(core, input);
  if (!source) co_return std::unexpected(source.error());
  Result<ObjectHeaders> headers = headers_of_copy(input, *source, **target);
  if (!headers) co_return std::unexpected(std::move(headers).error());
  Result<OwnedAcl> owned = object_acl(**target, account_of(call), acl_source(input), true);
  if (!owned) co_return std::unexpected(std::move(owned).error());
  const Result<std::optional<CustomerKey>> customer_key = customer_key_of(input);
  if (!customer_key) co_return std::unexpected(customer_key.error());
  const Result<ChecksumKind> kind = checksum_of_copy(input, source->version);
  if (!kind) co_return std::unexpected(kind.error());
  ObjectVersion version = source->version;
  Result<Content> content = co_await copy_content(core, *source, *customer_key, *kind, version);
  if (!content) co_return std::unexpected(std::move(content).error());
  version.modified = core.now();
  version.owner = std::move(owned->owner);
  version.acl = std::move(owned->acl);
  version.headers = *std::move(headers);
  version.upload.clear();
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
  if (source->version.version != kNullVersion) output.copy_source_version_id = source->version.version;
  if ((*target)->versioning != Versioning::kNever) output.version_id = version.version;
  output.expiration = expiration_header(**target, key, version);
  show_encryption(output, version.sealing, version.customer_key_md5);
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
