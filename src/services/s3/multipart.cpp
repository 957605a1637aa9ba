// CreateMultipartUpload, CompleteMultipartUpload, AbortMultipartUpload, ListMultipartUploads.

#include <algorithm>

#include "base/encoding.h"
#include "services/s3/access.h"
#include "services/s3/completion.h"
#include "services/s3/intake.h"
#include "services/s3/lifecycle.h"
#include "services/s3/listing.h"
#include "services/s3/object_headers.h"
#include "services/s3/uploads.h"

namespace signalbox::s3 {
namespace {

/// What the upload's parts and the whole are to be proven by.
Result<void> set_checksum(const model::CreateMultipartUploadRequest& input, Upload& upload) {
  if (!input.checksum_algorithm) {
    if (!input.checksum_type) return {};
    return fail("InvalidRequest",
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.", 400);
  }
  const Result<ChecksumKind> kind = checksum_algorithm(*input.checksum_algorithm);
  if (!kind) return std::unexpected(kind.error());
  if (input.checksum_type && *input.checksum_type != "COMPOSITE" && *input.checksum_type != "FULL_OBJECT") {
    return fail("InvalidRequest", "Value for x-amz-checksum-type header is invalid.", 400);
  }
  upload.checksum = *kind;
  const bool is_crc = *kind != ChecksumKind::kSha1 && *kind != ChecksumKind::kSha256;
  upload.composite = input.checksum_type ? *input.checksum_type == "COMPOSITE" : *kind != ChecksumKind::kCrc64Nvme;
  if ((is_crc || upload.composite) && !(upload.composite && *kind == ChecksumKind::kCrc64Nvme)) return {};
  return fail("InvalidRequest",
              "The " + *input.checksum_type + " checksum type cannot be used with the " + small_name_of(*kind) +
                  " checksum algorithm.",
              400);
}

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
  Result<std::optional<CustomerKey>> key = customer_key_of(input);
  if (!key) return std::unexpected(std::move(key).error());
  if (*key) upload.customer_key_md5 = (*key)->md5;
  const auto current = newest(core, bucket.name, *input.key);
  if (!current) return std::unexpected(current.error());
  upload.begun = next_sequence(core, *current);
  done = set_checksum(input, upload);
  if (!done) return std::unexpected(std::move(done).error());
  return upload;
}

Answer<model::CreateMultipartUploadOutput> create_upload(Core& core, const cloud::Call& call,
                                                         model::CreateMultipartUploadRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  const Result<Upload> upload = new_upload(core, call, **bucket, input);
  if (!upload) co_return std::unexpected(upload.error());
  Change change(*bucket);
  change.batch.put(upload_key(upload->bucket, upload->key, upload->id), store::encode(*upload));
  Result<void> done = co_await commit(core, std::move(change));
  if (!done) co_return std::unexpected(std::move(done).error());
  model::CreateMultipartUploadOutput output;
  output.bucket = upload->bucket;
  output.key = upload->key;
  output.upload_id = upload->id;
  output.checksum_algorithm = input.checksum_algorithm;
  if (upload->checksum) output.checksum_type = upload->composite ? "COMPOSITE" : "FULL_OBJECT";
  show_encryption(output, upload->customer_key_md5.empty() ? Sealing::kManaged : Sealing::kCustomer,
                  upload->customer_key_md5);
  co_return output;
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
    // Parts that came without checksums of the client's show none.
    version.parts.push_back({part.number, part.size, upload.checksum ? part.digest : std::string()});
    version.segments.insert(version.segments.end(), part.segments.begin(), part.segments.end());
  }
  version.etag = to_hex(etag.digest()) + "-" + std::to_string(parts.size());
  version.checksum = whole_checksum(upload, parts);
  const bool sealed =
      std::ranges::all_of(version.segments, [](const Segment& segment) { return Blobs::is_sealed(segment.blob); });
  version.sealing = !upload.customer_key_md5.empty() ? Sealing::kCustomer : sealed ? Sealing::kManaged : Sealing::kNone;
  version.customer_key_md5 = upload.customer_key_md5;
  version.upload = upload.id;
  return version;
}

/// What is there of the key when its upload is completed on condition. A write since the upload began goes first.
/// Errors: those of check_write_conditions; ConditionalRequestConflict.
Result<void> check_conditions(const model::CompleteMultipartUploadRequest& input, const Upload& upload,
                              const std::optional<ObjectVersion>& current) {
  Result<void> holds = check_write_conditions(current, upload.key, input.if_match, input.if_none_match);
  if (!holds || (!input.if_match && !input.if_none_match)) return holds;
  const bool written = upload.overtaken || (upload.begun != 0 && current && current->sequence >= upload.begun);
  if (!written) return {};
  return s3_error("ConditionalRequestConflict",
                  "The conditional request cannot succeed due to a conflicting operation against this resource.", 409,
                  {{"Condition", input.if_match ? "If-Match" : "If-None-Match"}, {"Key", upload.key}});
}

/// In the turn of the key.
Answer<ObjectVersion> complete_now(Core& core, const cloud::Call& call,
                                   const model::CompleteMultipartUploadRequest& input) {
  Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(std::move(bucket).error());
  const Result<Upload> upload = find_upload(core, *input.bucket, *input.key, *input.upload_id);
  if (!upload) co_return completed_already(core, input, upload.error());
  const auto current = newest(core, *input.bucket, *input.key);
  if (!current) co_return std::unexpected(current.error());
  Result<void> done = check_conditions(input, *upload, *current);
  if (!done) co_return std::unexpected(std::move(done).error());
  Result<std::vector<UploadedPart>> parts = parts_of(core, upload->id);
  if (!parts) co_return std::unexpected(std::move(parts).error());
  const Result<std::vector<UploadedPart>> chosen = chosen_parts(*upload, *parts, parts_asked(input));
  if (!chosen) co_return std::unexpected(chosen.error());
  ObjectVersion version = assembled(core, *upload, *chosen);
  done = check_whole(input, *upload, version);
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
  Result<void> taken = check_condition_headers(input.if_match, input.if_none_match);
  if (!taken) co_return std::unexpected(std::move(taken).error());
  const Result<std::optional<CustomerKey>> key = customer_key_of(input);
  if (!key) co_return std::unexpected(key.error());
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
  show_encryption(output, version->sealing, version->customer_key_md5);
  if (const BucketPtr bucket = core.find(*input.bucket)) {
    output.expiration = expiration_header(*bucket, *input.key, *version);
  }
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
  out.initiator = initiator_of(upload.initiator);
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
  Result<void> known = check_encoding(input.encoding_type);
  if (!known) co_return std::unexpected(std::move(known).error());
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
    const auto upload = read_upload(query.bucket, key, id, value);
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
  if (const BucketPtr bucket = core.find(*input.bucket)) output.bucket_region = bucket->scope.region;
  output.key_marker = encoded(input.encoding_type, query.after);
  output.upload_id_marker = query.after.empty() ? "" : input.upload_id_marker.value_or("");
  if (!query.prefix.empty()) output.prefix = encoded(input.encoding_type, query.prefix);
  if (!query.delimiter.empty()) output.delimiter = encoded(input.encoding_type, query.delimiter);
  output.max_uploads = query.most;
  output.encoding_type = input.encoding_type;
  output.is_truncated = listed->truncated;
  output.next_key_marker = encoded(input.encoding_type, last_key);
  output.next_upload_id_marker = last_id;
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
