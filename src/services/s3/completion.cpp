#include "services/s3/completion.h"

#include <algorithm>

#include "base/encoding.h"
#include "services/s3/intake.h"
#include "services/s3/object_headers.h"
#include "services/s3/versions.h"

namespace signalbox::s3 {
namespace {

/// All parts but the last are at least this.
constexpr std::uint64_t kMinPartBytes = std::uint64_t{5} * 1024 * 1024;

std::string unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"')) etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

std::unexpected<Error> invalid_part(const Upload& upload, const model::CompletedPart& part) {
  return s3_error("InvalidPart",
                  "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
                  "specified entity tag may not match the part's entity tag.",
                  400,
                  {{"ETag", unquoted(part.e_tag.value_or(""))},
                   {"PartNumber", std::to_string(part.part_number.value_or(0))},
                   {"UploadId", upload.id}});
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

/// The kind of checksum that the request gives of a part; empty for none.
std::optional<ChecksumKind> kind_given(const model::CompletedPart& part) {
  for (const ChecksumKind kind : {ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64Nvme,
                                  ChecksumKind::kSha1, ChecksumKind::kSha256}) {
    if (digest_of(part, kind)) return kind;
  }
  return std::nullopt;
}

Result<void> check_digest(const Upload& upload, const UploadedPart& part, const model::CompletedPart& asked) {
  const auto given = kind_given(asked);
  if (!upload.checksum) return given ? Result<void>(invalid_part(upload, asked)) : Result<void>();
  if (const auto digest = digest_of(asked, *upload.checksum)) {
    return from_base64(*digest) == part.digest ? Result<void>() : Result<void>(invalid_part(upload, asked));
  }
  if (!upload.composite) return {};
  const std::string number = std::to_string(part.number);
  if (given) {
    return fail(
        "BadDigest",
        "The " + small_name_of(*given) + " you specified for part " + number + " did not match what we received.", 400);
  }
  return fail("InvalidRequest",
              "The upload was created using a " + small_name_of(*upload.checksum) +
                  " checksum. The complete request must include the checksum for each part. It was missing for part " +
                  number + " in the request.",
              400);
}

/// The ETag of the object that the listed parts would make.
std::string etag_of(const std::vector<model::CompletedPart>& parts) {
  Checksum sum(ChecksumKind::kMd5);
  for (const model::CompletedPart& part : parts) sum.update(from_hex(unquoted(part.e_tag.value_or(""))).value_or(""));
  return to_hex(sum.digest()) + "-" + std::to_string(parts.size());
}

}  // namespace

const std::vector<model::CompletedPart>& parts_asked(const model::CompleteMultipartUploadRequest& input) {
  static const std::vector<model::CompletedPart> none;
  return input.multipart_upload && input.multipart_upload->parts ? *input.multipart_upload->parts : none;
}

Result<std::vector<UploadedPart>> chosen_parts(const Upload& upload, const std::vector<UploadedPart>& parts,
                                               const std::vector<model::CompletedPart>& asked) {
  if (asked.empty()) return fail("InvalidRequest", "You must specify at least one part", 400);
  const auto number_of = [](const model::CompletedPart& part) { return part.part_number.value_or(0); };
  const auto not_above = [&](const auto& a, const auto& b) { return number_of(a) >= number_of(b); };
  if (std::ranges::adjacent_find(asked, not_above) != asked.end()) {
    return s3_error("InvalidPartOrder",
                    "The list of parts was not in ascending order. Parts must be ordered by part number.", 400,
                    {{"UploadId", upload.id}});
  }
  std::vector<UploadedPart> chosen;
  for (const model::CompletedPart& one : asked) {
    const auto found = std::ranges::find(parts, static_cast<std::uint32_t>(number_of(one)), &UploadedPart::number);
    const bool theirs = found != parts.end() && one.e_tag && etag_matches(*one.e_tag, to_hex(found->md5));
    if (!theirs) return invalid_part(upload, one);
    Result<void> checked = check_digest(upload, *found, one);
    if (!checked) return std::unexpected(std::move(checked).error());
    if (&one != &asked.back() && found->size < kMinPartBytes) {
      return s3_error("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400,
                      {{"ProposedSize", std::to_string(found->size)},
                       {"MinSizeAllowed", std::to_string(kMinPartBytes)},
                       {"PartNumber", std::to_string(found->number)},
                       {"ETag", to_hex(found->md5)}});
    }
    chosen.push_back(*found);
  }
  return chosen;
}

Result<void> check_whole(const model::CompleteMultipartUploadRequest& input, const Upload& upload,
                         const ObjectVersion& version) {
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
  const std::string type = !upload.checksum ? "null" : upload.composite ? "COMPOSITE" : "FULL_OBJECT";
  if (input.checksum_type && *input.checksum_type != type) {
    return fail("InvalidRequest",
                "The upload was created using the " + type +
                    " checksum mode. The complete request must use the same checksum mode.",
                400);
  }
  if (input.mpu_object_size && static_cast<std::uint64_t>(*input.mpu_object_size) != version.size) {
    return fail("InvalidRequest",
                "The provided 'x-amz-mp-object-size' header value " + std::to_string(*input.mpu_object_size) +
                    " does not match what was computed: " + std::to_string(version.size),
                400);
  }
  if (!expected->digest) return {};
  const bool same = expected->kind == version.checksum->kind &&
                    (*expected->digest == checksum_text(*version.checksum, version.parts.size()) ||
                     *expected->digest == to_base64(version.checksum->digest));
  if (same) return {};
  return fail("BadDigest",
              "The " + small_name_of(*expected->kind) + " you specified did not match the calculated checksum.", 400);
}

Result<ObjectVersion> completed_already(const Core& core, const model::CompleteMultipartUploadRequest& input,
                                        const Error& otherwise) {
  const auto made = [&](const ObjectVersion& version) {
    return version.upload == *input.upload_id && version.etag == etag_of(parts_asked(input));
  };
  const auto current = newest(core, *input.bucket, *input.key);
  if (!current) return std::unexpected(current.error());
  if (*current && made(**current)) return **current;
  std::optional<ObjectVersion> found;
  const Result<void> looked = each_old(core, *input.bucket, *input.key, [&](ObjectVersion old) {
    if (made(old)) found = std::move(old);
    return !found;
  });
  if (!looked) return std::unexpected(looked.error());
  if (found) return *std::move(found);
  return std::unexpected(otherwise);
}

}  // namespace signalbox::s3
