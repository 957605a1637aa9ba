// UploadPart, UploadPartCopy, ListParts.

#include "base/encoding.h"
#include "services/s3/access.h"
#include "services/s3/content.h"
#include "services/s3/intake.h"
#include "services/s3/listing.h"
#include "services/s3/object_headers.h"
#include "services/s3/uploads.h"

namespace signalbox::s3 {
namespace {

template <class In>
Result<void> check_part(const In& input) {
  if (input.sse_customer_algorithm || input.sse_customer_key || input.sse_customer_key_md5) {
    return not_implemented("x-amz-server-side-encryption-customer-algorithm");
  }
  if (*input.part_number < 1 || *input.part_number > kMaxPartNumber) {
    return invalid_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber",
                            std::to_string(*input.part_number));
  }
  return {};
}

/// Puts a part in place of one of its number; its upload must still be there.
Answer<UploadedPart> keep_part(Core& core, std::string bucket_name, std::string key, std::string upload,
                               std::uint32_t number, Content& content) {
  UploadedPart part;
  part.number = number;
  part.modified = core.now();
  part.size = content.size;
  part.md5 = content.md5;
  part.digest = content.digest;
  part.segments = content.segments;
  Result<void> done = co_await in_turn(core.stripe_of(bucket_name, key), [&]() -> Answer<void> {
    Result<BucketPtr> bucket = bucket_of(core, bucket_name, {});
    if (!bucket) co_return std::unexpected(std::move(bucket).error());
    const Result<Upload> there = find_upload(core, bucket_name, key, upload);
    if (!there) co_return std::unexpected(there.error());
    const auto before = core.house.store.get(part_key(upload, number));
    if (!before) co_return std::unexpected(before.error());
    Change change(*std::move(bucket));
    if (*before) {
      const auto old = decode_part(number, **before);
      for (const Segment& segment : old ? old->segments : std::vector<Segment>()) change.drop.push_back(segment.blob);
    }
    change.keep = content.kept.take();
    change.batch.put(part_key(upload, number), encode(part));
    co_return co_await commit(core, std::move(change));
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return part;
}

Answer<model::UploadPartOutput> upload_part(Core& core, const cloud::Call& call, model::UploadPartRequest input) {
  Result<void> checked = check_part(input);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  const Result<Upload> upload = find_upload(core, *input.bucket, *input.key, *input.upload_id);
  if (!upload) co_return std::unexpected(upload.error());
  Result<Expected> expected = expected_of(input);
  if (!expected) co_return std::unexpected(std::move(expected).error());
  if (expected->kind && upload->checksum && expected->kind != upload->checksum) {
    co_return fail(
        "InvalidRequest",
        "Checksum Type mismatch occurred, expected checksum Type: " + std::string(name_of(*upload->checksum)) +
            ", actual checksum Type: " + std::string(name_of(*expected->kind)),
        400);
  }
  if (!expected->kind) expected->kind = upload->checksum;
  expected->small_inline = false;
  // An upload without a kind of its own keeps CRC-64s, whatever its parts come with.
  expected->also = upload->checksum.value_or(ChecksumKind::kCrc64Nvme);
  http::MemoryBody memory(std::move(input.body).value_or(""));
  http::BodyReader& body =
      call.streams != nullptr && call.streams->request != nullptr ? *call.streams->request : memory;
  Result<Content> content = co_await take_in(core, body, *std::move(expected));
  if (!content) co_return std::unexpected(std::move(content).error());
  const std::string shown = to_base64(std::exchange(content->digest, std::move(content->also)));
  const Result<UploadedPart> part = co_await keep_part(core, *input.bucket, *input.key, *input.upload_id,
                                                       static_cast<std::uint32_t>(*input.part_number), *content);
  if (!part) co_return std::unexpected(part.error());
  model::UploadPartOutput output;
  output.e_tag = quoted_etag(to_hex(part->md5));
  show_checksum(output, content->kind, shown);
  co_return output;
}

/// What is to be copied, from the version that the source names.
struct Source {
  CopySource named;
  ObjectVersion version;
  ByteRange range;
};

Result<Source> find_source(Core& core, const model::UploadPartCopyRequest& input) {
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
  ByteRange range{0, version->size};
  if (input.copy_source_range) {
    const auto asked = read_range(*input.copy_source_range, version->size);
    if (!asked || !*asked) {
      return invalid_argument(
          "The x-amz-copy-source-range value must be of the form bytes=first-last where first and "
          "last are the zero-based offsets of the first and last bytes to copy",
          "x-amz-copy-source-range", *input.copy_source_range);
    }
    range = **asked;
  }
  return Source{*std::move(named), *std::move(version), range};
}

Answer<model::UploadPartCopyOutput> upload_part_copy(Core& core, const cloud::Call&,
                                                     model::UploadPartCopyRequest input) {
  Result<void> checked = check_part(input);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  const Result<Upload> upload = find_upload(core, *input.bucket, *input.key, *input.upload_id);
  if (!upload) co_return std::unexpected(upload.error());
  const Result<Source> source = find_source(core, input);
  if (!source) co_return std::unexpected(source.error());
  auto body = open_content(core, source->named.bucket, source->named.key, source->version, source->range);
  if (!body) co_return std::unexpected(std::move(body).error());
  // Read once more for its digests, which a stretch of an object has none of.
  Expected expected;
  expected.kind = upload->checksum;
  expected.small_inline = false;
  Result<Content> content = co_await take_in(core, **body, std::move(expected));
  if (!content) co_return std::unexpected(std::move(content).error());
  const ChecksumKind kind = content->kind;
  const Result<UploadedPart> part = co_await keep_part(core, *input.bucket, *input.key, *input.upload_id,
                                                       static_cast<std::uint32_t>(*input.part_number), *content);
  if (!part) co_return std::unexpected(part.error());
  model::UploadPartCopyOutput output;
  if (source->version.version != kNullVersion) output.copy_source_version_id = source->version.version;
  model::CopyPartResult& result = output.copy_part_result.emplace();
  result.e_tag = quoted_etag(to_hex(part->md5));
  result.last_modified = part->modified;
  if (upload->checksum) show_checksum(result, kind, to_base64(part->digest));
  co_return output;
}

Answer<model::ListPartsOutput> list_parts(Core& core, const cloud::Call&, model::ListPartsRequest input) {
  const Result<Upload> upload = find_upload(core, *input.bucket, *input.key, *input.upload_id);
  if (!upload) co_return std::unexpected(upload.error());
  const Result<std::int32_t> most = page_size(input.max_parts, "max-parts");
  if (!most) co_return std::unexpected(most.error());
  const std::int32_t after = std::max(0, input.part_number_marker.value_or(0));
  const auto parts = parts_of(core, upload->id, static_cast<std::uint32_t>(after), static_cast<std::size_t>(*most) + 1);
  if (!parts) co_return std::unexpected(parts.error());
  model::ListPartsOutput output;
  output.bucket = input.bucket;
  output.key = input.key;
  output.upload_id = input.upload_id;
  output.part_number_marker = after;
  output.next_part_number_marker = 0;
  output.max_parts = *most;
  output.is_truncated = parts->size() > static_cast<std::size_t>(*most);
  output.owner = owner_of(upload->owner);
  output.initiator.emplace().id = upload->initiator;
  output.storage_class = upload->headers.storage_class;
  output.parts.emplace();
  for (const UploadedPart& part : *parts) {
    if (output.parts->size() == static_cast<std::size_t>(*most)) break;
    model::Part& one = output.parts->emplace_back();
    one.part_number = static_cast<std::int32_t>(part.number);
    one.last_modified = part.modified;
    one.e_tag = quoted_etag(to_hex(part.md5));
    one.size = static_cast<std::int64_t>(part.size);
    if (upload->checksum) show_checksum(one, *upload->checksum, to_base64(part.digest));
    output.next_part_number_marker = one.part_number;
  }
  if (upload->checksum) {
    output.checksum_algorithm = name_of(*upload->checksum);
    output.checksum_type = upload->composite ? "COMPOSITE" : "FULL_OBJECT";
  }
  co_return output;
}

}  // namespace

void register_part_operations(Core& core) {
  serve(core, model::kUploadPart, on_key(core, "s3:PutObject"),
        [&core](const cloud::Call& call, model::UploadPartRequest input) {
          return upload_part(core, call, std::move(input));
        });
  serve(core, model::kUploadPartCopy, on_copy(core),
        [&core](const cloud::Call& call, model::UploadPartCopyRequest input) {
          return upload_part_copy(core, call, std::move(input));
        });
  serve(core, model::kListParts, on_key(core, "s3:ListMultipartUploadParts"),
        [&core](const cloud::Call& call, model::ListPartsRequest input) {
          return list_parts(core, call, std::move(input));
        });
}

}  // namespace signalbox::s3
