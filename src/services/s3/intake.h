// Taking in an object's content: read piece by piece, hashed, checked against what the client said of it, and kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/body.h"
#include "services/s3/core.h"
#include "services/s3/encryption.h"
#include "services/s3/versions.h"

namespace signalbox::s3 {

/// Largest object of one request, and largest part.
inline constexpr std::uint64_t kMaxPutBytes = std::uint64_t{5} * 1024 * 1024 * 1024;

/// What is to come, as the request's headers say.
struct Expected {
  std::optional<std::string> md5;     // Content-MD5, as sent
  std::optional<ChecksumKind> kind;   // of x-amz-checksum-..., in a header or behind the body
  std::optional<std::string> digest;  // that header, as sent
  bool small_inline = true;           // whether a small content is returned and not kept
  std::optional<ChecksumKind> also;   // one more to be made of the content
  bool announced = false;             // that a checksum comes, without which the request is refused
  std::optional<CustomerKey> key;     // what the content is sealed with; else the server's own
};

struct Content {
  explicit Content(Blobs& blobs) : kept(blobs) {}
  std::uint64_t size = 0;
  std::string md5;  // bytes
  ChecksumKind kind = ChecksumKind::kCrc64Nvme;
  std::string digest;  // bytes
  std::string also;    // the digest that was asked for beside it
  bool is_inline = false;
  std::string bytes;              // where it is inline; sealed
  std::vector<Segment> segments;  // else
  NewBlobs kept;
};

/// Errors: those of the body; InvalidDigest, BadDigest, InvalidRequest, EntityTooLarge, InternalError.
Answer<Content> take_in(Core& core, http::BodyReader& body, Expected expected);

/// What a client sends nothing of must still have a length. A body in chunks has none of its own. Errors:
/// MissingContentLength.
Result<void> check_length(const cloud::Call& call, const std::optional<std::int64_t>& said);

/// The kind of checksum that is announced to follow the body.
std::optional<ChecksumKind> trailing_kind(const http::BodyReader& body);

/// What a request's members say. Errors: InvalidRequest for more than one checksum, or one that is not known.
template <class In>
Result<Expected> expected_of(const In& input);
Result<Expected> expected_of(std::optional<std::string> md5, const std::optional<std::string>& algorithm,
                             std::vector<std::pair<std::string_view, std::optional<std::string>>> digests);

std::string_view name_of(ChecksumKind kind);   // "CRC32"
std::string small_name_of(ChecksumKind kind);  // "crc32", as texts have it
std::optional<ChecksumKind> checksum_kind(std::string_view name);
/// What a request names. Errors: InvalidRequest, NotImplemented.
Result<ChecksumKind> checksum_algorithm(std::string_view name);

template <class In>
Result<Expected> expected_of(const In& input) {
  return expected_of(input.content_md5, input.checksum_algorithm,
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
}

/// Sets the member of an answer that holds such a checksum.
template <class Out>
void show_checksum(Out& out, ChecksumKind kind, std::string text) {
  switch (kind) {
    case ChecksumKind::kCrc32:
      out.checksum_crc32 = std::move(text);
      break;
    case ChecksumKind::kCrc32c:
      out.checksum_crc32_c = std::move(text);
      break;
    case ChecksumKind::kCrc64Nvme:
      out.checksum_crc64_nvme = std::move(text);
      break;
    case ChecksumKind::kSha1:
      out.checksum_sha1 = std::move(text);
      break;
    case ChecksumKind::kSha256:
      out.checksum_sha256 = std::move(text);
      break;
    case ChecksumKind::kMd5:
      break;
  }
}

/// As S3 shows it: base64, of a composite one with the number of parts behind.
std::string checksum_text(const ObjectChecksum& checksum, std::size_t parts);

/// Sets checksum and type of an answer about an object.
template <class Out>
void show_object_checksum(Out& out, const ObjectVersion& version) {
  if (!version.checksum) return;
  show_checksum(out, version.checksum->kind, checksum_text(*version.checksum, version.parts.size()));
  if constexpr (requires { out.checksum_type; }) {
    out.checksum_type = version.checksum->composite ? "COMPOSITE" : "FULL_OBJECT";
  }
}

}  // namespace signalbox::s3
