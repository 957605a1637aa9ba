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
  if (*input.part_number < 1 || *input.part_number > kMaxPartNumber) {
    return invalid_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber",
                            std::to_string(*input.part_number));
  }
  return {};
}

/// The upload that a part is for, when it may have it.
struct Target {
  Upload upload;
  std::optional<CustomerKey> key;
};
template <class In>
Result<Target> find_target(Core& core, const In& input) {
  Result<void> checked = check_part(input);
  if (!checked) return std::unexpected(std::move(checked).error());
  Result<Upload> upload = find_upload(core, *input.bucket, *input.key, *input.upload_id);
  if (!upload) return std::unexpected(std::move(upload).error());
  Result<std::optional<CustomerKey>> key = customer_key_of(input);
  if (!key) return std::unexpected(std::move(key).error());
  checked = check_part_key(*upload, *key);
  if (!checked) return std::unexpected(std::move(checked).error());
  return Target{*std::move(upload), *std::move(key)};
}

template <class Out>
void show_encryption(Out& output, const Target& target) {
  show_encryption(output, target.key ? Sealing::kCustomer : Sealing::kManaged, target.upload.customer_key_md5);
}

/// A part's checksum is of its upload's kind. Errors: InvalidRequest.
Result<void> check_kind(const Upload& upload, const std::optional<ChecksumKind>& kind) {
  if (!upload.checksum || kind == upload.checksum || (!kind && !upload.composite)) return {};
  return fail("InvalidRequest",
              "Checksum Type mismatch occurred, expected checksum Type: " + small_name_of(*upload.checksum) +
                  ", actual checksum Type: " + (kind ? small_name_of(*kind) : "null"),
              400);
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
      const auto old = read_part(number, **before);
      for (const Segment& segment : old ? old->segments : std::vector<Segment>()) change.drop.push_back(segment.blob);
    }
    change.keep = content.kept.take();
    change.batch.put(part_key(upload, number), store::encode(part));
    co_return co_await commit(core, std::move(change));
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return part;
}

Answer<model::UploadPartOutput> upload_part(Core& core, const cloud::Call& call, model::UploadPartRequest input) {
  const Result<Target> target = find_target(core, input);
  if (!target) co_return std::unexpected(target.error());
  const Upload* const upload = &target->upload;
  Result<void> has_length = check_length(call, input.content_length);
  if (!has_length) co_return std::unexpected(std::move(has_length).error());
  Result<Expected> expected = expected_of(input);
  if (!expected) co_return std::unexpected(std::move(expected).error());
  http::MemoryBody memory(std::move(input.body).value_or(""));
  http::BodyReader& body =
      call.streams != nullptr && call.streams->request != nullptr ? *call.streams->request : memory;
  Result<void> fits = check_kind(*upload, expected->kind ? expected->kind : trailing_kind(body));
  if (!fits) co_return std::unexpected(std::move(fits).error());
  expected->key = target->key;
  if (!expected->kind) expected->kind = upload->checksum;
  expected->small_inline = false;
  // An upload without a kind of its own keeps CRC-64s, whatever its parts come with.
  expected->also = upload->checksum.value_or(ChecksumKind::kCrc64Nvme);
  Result<Content> content = co_await take_in(core, body, *std::move(expected));
  if (!content) co_return std::unexpected(std::move(content).error());
  const std::string shown = to_base64(std::exchange(content->digest, std::move(content->also)));
  const Result<UploadedPart> part = co_await keep_part(core, *input.bucket, *input.key, *input.upload_id,
                                                       static_cast<std::uint32_t>(*input.part_number), *content);
  if (!part) co_return std::unexpected(part.error());
  model::UploadPartOutput output;
  output.e_tag = quoted_etag(to_hex(part->md5));
  show_checksum(output, content->kind, shown);
  show_encryption(output, *target);
  co_return output;
}

/// What is to be copied, from the version that the source names.
struct PartSource {
  CopySource named;
  ObjectVersion version;
  ByteRange range;
  std::optional<CustomerKey> key;
};

/// "bytes=first-last", within the source. Errors: InvalidArgument.
Result<ByteRange> read_copy_range(const std::string& header, std::uint64_t size) {
  constexpr std::string_view kName = "x-amz-copy-source-range";
  const auto dash = header.find('-');
  const bool whole = dash != std::string::npos && dash + 1 != header.size() && !header.starts_with("bytes=-");
  // Read as of a content of any size: what is beyond this one is told otherwise.
  const auto asked = read_range(header, ~std::uint64_t{0});
  if (!whole || !asked || !*asked) {
    return invalid_argument(
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
        "zero-based offsets of the first and last bytes to copy",
        kName, header);
  }
  if ((*asked)->first + (*asked)->length > size) {
    return invalid_argument("Range specified is not valid for source object of size: " + std::to_string(size), kName,
                            header);
  }
  return **asked;
}

Result<PartSource> find_source(Core& core, const model::UploadPartCopyRequest& input) {
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
  Result<ByteRange> range = ByteRange{0, version->size};
  if (input.copy_source_range) range = read_copy_range(*input.copy_source_range, version->size);
  if (!range) return std::unexpected(std::move(range).error());
  return PartSource{*std::move(named), *std::move(version), *range, *std::move(key)};
}

Answer<model::UploadPartCopyOutput> upload_part_copy(Core& core, const cloud::Call&,
                                                     model::UploadPartCopyRequest input) {
  const Result<Target> target = find_target(core, input);
  if (!target) co_return std::unexpected(target.error());
  const Result<PartSource> source = find_source(core, input);
  if (!source) co_return std::unexpected(source.error());
  auto body = open_content(core, source->named.bucket, source->named.key, source->version, source->range, source->key);
  if (!body) co_return std::unexpected(std::move(body).error());
  // Read once more for its digests, which a stretch of an object has none of.
  Expected expected;
  expected.kind = target->upload.checksum;
  expected.small_inline = false;
  expected.key = target->key;
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
  if (target->upload.checksum) show_checksum(result, kind, to_base64(part->digest));
  show_encryption(output, *target);
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
  output.initiator = initiator_of(upload->initiator);
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
