// CreateMultipartUpload, CompleteMultipartUpload, AbortMultipartUpload, ListMultipartUploads.

#include <algorithm>

#include "base/encoding.h"
#include "services/s3/access.h"
#include "services/s3/intake.h"
#include "services/s3/listing.h"
#include "services/s3/object_headers.h"
#include "services/s3/uploads.h"

namespace signalbox::s3 {
namespace {

/// All parts but the last are at least this.
constexpr std::uint64_t kMinPartBytes = std::uint64_t{5} * 1024 * 1024;

Result<Upload> new_upload(Core& core, const cloud::Call& call, const Bucket& bucket,
                          const model::CreateMultipartUploadRequest& input) {
  Result<void> done = check_key(*input.key);
  if (done) done = check_supported(input);
  if (!done) return std::unexpected(std::move(done).error());
  Result<ObjectHeaders> headers = headers_of(input);
  if (!headers) return std::unexpected(std::move(headers).error());
  Result<OwnedAcl> owned = object_acl(bucket, account_of(call), acl_source(input), true);
  if (!owned) return std::unexpected(std::move(owned).error());
  Upload upload;
  upload.bucket = bucket.name;
  upload.key = *input.key;
  upload.id = to_hex(core.house.random.uuid());
  upload.initiated = core.now();
  upload.owner = std::move(owned->owner);
  upload.acl = std::move(owned->acl);
  upload.initiator = call.principal.arn;
  upload.headers = *std::move(headers);
  if (input.checksum_algorithm) {
    upload.checksum = checksum_kind(*input.checksum_algorithm);
    if (!upload.checksum) return not_implemented("the checksum algorithm " + *input.checksum_algorithm);
    const bool is_crc = *upload.checksum != ChecksumKind::kSha1 && *upload.checksum != ChecksumKind::kSha256;
    upload.composite =
        input.checksum_type ? *input.checksum_type == "COMPOSITE" : *upload.checksum != ChecksumKind::kCrc64Nvme;
    if ((!is_crc && !upload.composite) || (upload.composite && upload.checksum == ChecksumKind::kCrc64Nvme)) {
      return fail("InvalidRequest",
                  "The " + *input.checksum_type + " checksum type cannot be used with the " +
                      *input.checksum_algorithm + " checksum algorithm.",
                  400);
    }
  } else if (input.checksum_type) {
    return fail("InvalidRequest",
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.", 400);
  }
  return upload;
}

Answer<model::CreateMultipartUploadOutput> create_upload(Core& core, const cloud::Call& call,
                                                         model::CreateMultipartUploadRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  const Result<Upload> upload = new_upload(core, call, **bucket, input);
  if (!upload) co_return std::unexpected(upload.error());
  Change change(*bucket);
  change.batch.put(upload_key(upload->bucket, upload->key, upload->id), encode(*upload));
  Result<void> done = co_await commit(core, std::move(change));
  if (!done) co_return std::unexpected(std::move(done).error());
  model::CreateMultipartUploadOutput output;
  output.bucket = upload->bucket;
  output.key = upload->key;
  output.upload_id = upload->id;
  output.checksum_algorithm = input.checksum_algorithm;
  if (upload->checksum) output.checksum_type = upload->composite ? "COMPOSITE" : "FULL_OBJECT";
  co_return output;
}

std::unexpected<Error> invalid_part() {
  return fail("InvalidPart",
              "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
              "specified entity tag may not match the part's entity tag.",
              400);
}

std::optional<std::string> digest_of(const model::CompletedPart& part, ChecksumKind kind) {
  switch (kind) {
    case ChecksumKind::kCrc32:
      return part.checksum_crc32;
    case ChecksumKind::kCrc32c:
      return part.checksum_crc32_c;
    case ChecksumKind::kCrc64Nvme:
      return part.checksum_crc64_nvme;
    case ChecksumKind::kSha1:
      return part.checksum_sha1;
    case ChecksumKind::kSha256:
      return part.checksum_sha256;
    case ChecksumKind::kMd5:
      break;
  }
  return std::nullopt;
}

/// The parts that the request names, in its order, which must be theirs.
Result<std::vector<UploadedPart>> chosen_parts(const Upload& upload, std::vector<UploadedPart> parts,
                                               const std::vector<model::CompletedPart>& asked) {
  std::vector<UploadedPart> chosen;
  for (const model::CompletedPart& one : asked) {
    const std::int32_t number = one.part_number.value_or(0);
    if (!chosen.empty() && number <= static_cast<std::int32_t>(chosen.back().number)) {
      return fail(
          "InvalidPartOrder",
          "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
          400);
    }
    const auto found = std::ranges::find(parts, static_cast<std::uint32_t>(number), &UploadedPart::number);
    if (found == parts.end() || !one.e_tag || !etag_matches(*one.e_tag, to_hex(found->md5))) return invalid_part();
    const auto digest = upload.checksum ? digest_of(one, *upload.checksum) : std::nullopt;
    if (digest && from_base64(*digest) != found->digest) return invalid_part();
    chosen.push_back(*found);
  }
  for (std::size_t i = 0; i + 1 < chosen.size(); ++i) {
    if (chosen[i].size >= kMinPartBytes) continue;
    return s3_error("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400,
                    {{"ProposedSize", std::to_string(chosen[i].size)},
                     {"MinSizeAllowed", std::to_string(kMinPartBytes)},
                     {"PartNumber", std::to_string(chosen[i].number)},
                     {"ETag", to_hex(chosen[i].md5)}});
  }
  return chosen;
}

ObjectChecksum whole_checksum(const Upload& upload, const std::vector<UploadedPart>& parts) {
  ObjectChecksum checksum{upload.checksum.value_or(ChecksumKind::kCrc64Nvme), {}, upload.composite};
  if (upload.composite) {
    Checksum sum(checksum.kind);
    for (const UploadedPart& part : parts) sum.update(part.digest);
    checksum.digest = sum.digest();
    return checksum;
  }
  for (const UploadedPart& part : parts) {
    checksum.digest =
        checksum.digest.empty() ? part.digest : combine_crc(checksum.kind, checksum.digest, part.digest, part.size);
  }
  return checksum;
}

ObjectVersion assembled(const Core& core, const Upload& upload, const std::vector<UploadedPart>& parts) {
  ObjectVersion version;
  version.modified = core.now();
  version.owner = upload.owner;
  version.acl = upload.acl;
  version.headers = upload.headers;
  Checksum etag(ChecksumKind::kMd5);
  for (const UploadedPart& part : parts) {
    etag.update(part.md5);
    version.size += part.size;
    version.parts.push_back({part.number, part.size, part.digest});
    version.segments.insert(version.segments.end(), part.segments.begin(), part.segments.end());
  }
  version.etag = to_hex(etag.digest()) + "-" + std::to_string(parts.size());
  version.checksum = whole_checksum(upload, parts);
  return version;
}

/// What the request says of the whole. Errors: BadDigest, InvalidRequest, NotImplemented.
Result<void> check_whole(const model::CompleteMultipartUploadRequest& input, const ObjectVersion& version) {
  const Result<Expected> expected = expected_of({}, {},
                                                {{"CRC32", input.checksum_crc32},
                                                 {"CRC32C", input.checksum_crc32_c},
                                                 {"CRC64NVME", input.checksum_crc64_nvme},
                                                 {"SHA1", input.checksum_sha1},
                                                 {"SHA256", input.checksum_sha256},
                                                 {"SHA512", input.checksum_sha512},
                                                 {"MD5", input.checksum_md5},
                                                 {"XXHASH64", input.checksum_xxhash64},
                                                 {"XXHASH3", input.checksum_xxhash3},
                                                 {"XXHASH128", input.checksum_xxhash128}});
  if (!expected) return std::unexpected(expected.error());
  if (input.mpu_object_size && static_cast<std::uint64_t>(*input.mpu_object_size) != version.size) {
    return fail("InvalidRequest", "The provided 'x-amz-mp-object-size' header value does not match what was computed.",
                400);
  }
  if (!expected->digest) return {};
  const bool same = expected->kind == version.checksum->kind &&
                    (*expected->digest == checksum_text(*version.checksum, version.parts.size()) ||
                     *expected->digest == to_base64(version.checksum->digest));
  if (!same) return fail("BadDigest", "The checksum you specified did not match the calculated checksum.", 400);
  return {};
}

/// In the turn of the key.
Answer<ObjectVersion> complete_now(Core& core, const cloud::Call& call,
                                   const model::CompleteMultipartUploadRequest& input) {
  Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(std::move(bucket).error());
  const Result<Upload> upload = find_upload(core, *input.bucket, *input.key, *input.upload_id);
  if (!upload) co_return std::unexpected(upload.error());
  Result<std::vector<UploadedPart>> parts = parts_of(core, upload->id);
  if (!parts) co_return std::unexpected(std::move(parts).error());
  const Result<std::vector<UploadedPart>> chosen = chosen_parts(*upload, *parts, *input.multipart_upload->parts);
  if (!chosen) co_return std::unexpected(chosen.error());
  ObjectVersion version = assembled(core, *upload, *chosen);
  Result<void> done = check_whole(input, version);
  if (!done) co_return std::unexpected(std::move(done).error());
  const auto current = newest(core, *input.bucket, *input.key);
  if (!current) co_return std::unexpected(current.error());
  done = check_write_conditions(*current, *input.key, input.if_match, input.if_none_match);
  if (!done) co_return std::unexpected(std::move(done).error());
  Change change(*std::move(bucket));
  done = add_version(core, *input.key, version, {}, change);
  if (!done) co_return std::unexpected(std::move(done).error());
  for (const UploadedPart& part : *parts) {
    if (std::ranges::find(*chosen, part.number, &UploadedPart::number) != chosen->end()) continue;
    for (const Segment& segment : part.segments) change.drop.push_back(segment.blob);
  }
  change.batch.erase(upload_key(upload->bucket, upload->key, upload->id));
  const store::Key all = parts_key(upload->id);
  change.batch.erase_range(all, all.end());
  change.notices.push_back(notice_of(call, Notice::Kind::kCompleted, *input.key, version));
  done = co_await commit(core, std::move(change));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return version;
}

Answer<model::CompleteMultipartUploadOutput> complete_upload(Core& core, const cloud::Call& call,
                                                             model::CompleteMultipartUploadRequest input) {
  const bool has_parts =
      input.multipart_upload && input.multipart_upload->parts && !input.multipart_upload->parts->empty();
  if (!has_parts) co_return fail("MalformedXML", "You must specify at least one part", 400);
  if (input.sse_customer_algorithm || input.sse_customer_key || input.sse_customer_key_md5) {
    co_return not_implemented("x-amz-server-side-encryption-customer-algorithm");
  }
  const Result<ObjectVersion> version =
      co_await in_turn(core.stripe_of(*input.bucket, *input.key), [&] { return complete_now(core, call, input); });
  if (!version) co_return std::unexpected(version.error());
  model::CompleteMultipartUploadOutput output;
  output.location = call.endpoint + "/" + *input.bucket + "/" + percent_encode(*input.key, true);
  output.bucket = input.bucket;
  output.key = input.key;
  output.e_tag = quoted_etag(version->etag);
  if (version->version != kNullVersion) output.version_id = version->version;
  show_object_checksum(output, *version);
  co_return output;
}

Answer<model::AbortMultipartUploadOutput> abort(Core& core, const cloud::Call&,
                                                model::AbortMultipartUploadRequest input) {
  if (input.if_match_initiated_time) co_return not_implemented("x-amz-if-match-initiated-time");
  Result<void> done = co_await in_turn(core.stripe_of(*input.bucket, *input.key),
                                       [&] { return abort_upload(core, *input.bucket, *input.key, *input.upload_id); });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return model::AbortMultipartUploadOutput{};
}

model::MultipartUpload shown(const Upload& upload, const std::optional<std::string>& encoding) {
  model::MultipartUpload out;
  out.upload_id = upload.id;
  out.key = encoded(encoding, upload.key);
  out.initiated = upload.initiated;
  out.storage_class = upload.headers.storage_class;
  out.owner = owner_of(upload.owner);
  out.initiator.emplace().id = upload.initiator;
  if (upload.checksum) {
    out.checksum_algorithm = name_of(*upload.checksum);
    out.checksum_type = upload.composite ? "COMPOSITE" : "FULL_OBJECT";
  }
  return out;
}

Answer<model::ListMultipartUploadsOutput> list_uploads(Core& core, const cloud::Call&,
                                                       model::ListMultipartUploadsRequest input) {
  ListQuery query;
  query.bucket = *input.bucket;
  query.prefix = input.prefix.value_or("");
  query.delimiter = input.delimiter.value_or("");
  query.after = input.key_marker.value_or("");
  query.from_key = input.key_marker && input.upload_id_marker;
  const Result<std::int32_t> most = page_size(input.max_uploads, "max-uploads");
  if (!most) co_return std::unexpected(most.error());
  query.most = *most;
  model::ListMultipartUploadsOutput output;
  output.uploads.emplace();
  output.common_prefixes.emplace();
  std::string last_key;
  std::string last_id;
  const auto on_key = [&](const std::string& key, store::KeyReader& rest, std::string_view value,
                          std::int32_t room) -> std::int32_t {
    const std::string id = rest.text().value_or("");
    if (query.from_key && key == *input.key_marker && id <= *input.upload_id_marker) return 0;
    const auto upload = decode_upload(query.bucket, key, id, value);
    if (!upload) return 0;
    if (room == 0) return 1;
    output.uploads->push_back(shown(*upload, input.encoding_type));
    last_key = key;
    last_id = id;
    return 1;
  };
  const auto on_prefix = [&](const std::string& prefix) {
    output.common_prefixes->emplace_back().prefix = encoded(input.encoding_type, prefix);
    last_key = prefix;
    last_id.clear();
  };
  const Result<Listed> listed = list_keys(core, "s3.upload", query, on_key, on_prefix);
  if (!listed) co_return std::unexpected(listed.error());
  output.bucket = input.bucket;
  output.key_marker = encoded(input.encoding_type, query.after);
  output.upload_id_marker = input.upload_id_marker;
  output.prefix = encoded(input.encoding_type, query.prefix);
  if (input.delimiter) output.delimiter = encoded(input.encoding_type, *input.delimiter);
  output.max_uploads = query.most;
  output.encoding_type = input.encoding_type;
  output.is_truncated = listed->truncated;
  if (listed->truncated) {
    output.next_key_marker = encoded(input.encoding_type, last_key);
    output.next_upload_id_marker = last_id;
  }
  co_return output;
}

}  // namespace

void register_multipart_operations(Core& core) {
  serve(core, model::kCreateMultipartUpload, on_key(core, "s3:PutObject"),
        [&core](const cloud::Call& call, model::CreateMultipartUploadRequest input) {
          return create_upload(core, call, std::move(input));
        });
  serve(core, model::kCompleteMultipartUpload, on_key(core, "s3:PutObject"),
        [&core](const cloud::Call& call, model::CompleteMultipartUploadRequest input) {
          return complete_upload(core, call, std::move(input));
        });
  serve(core, model::kAbortMultipartUpload, on_key(core, "s3:AbortMultipartUpload"),
        [&core](const cloud::Call& call, model::AbortMultipartUploadRequest input) {
          return abort(core, call, std::move(input));
        });
  serve(core, model::kListMultipartUploads, on_bucket(core, "s3:ListBucketMultipartUploads"),
        [&core](const cloud::Call& call, model::ListMultipartUploadsRequest input) {
          return list_uploads(core, call, std::move(input));
        });
}

}  // namespace signalbox::s3
