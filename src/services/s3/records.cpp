#include "services/s3/records.h"

#include <algorithm>

#include "base/encoding.h"
#include "services/s3/bucket_changes.h"
#include "store/record.h"

namespace signalbox::s3 {
namespace {

/// 2 added what follows the fields of 1.
constexpr std::uint8_t kVersion = 2;

using store::RecordReader;
using store::RecordWriter;

void write(RecordWriter& out, const Texts& texts) {
  out.number(texts.size());
  for (const auto& [name, value] : texts) out.text(name).text(value);
}

template <class Read>
void read_all(RecordReader& in, Read read) {
  for (std::uint64_t left = in.number(); left != 0 && in.ok(); --left) read();
}

Texts read_texts(RecordReader& in) {
  Texts texts;
  read_all(in, [&] {
    std::string name = in.text();
    texts[std::move(name)] = in.text();
  });
  return texts;
}

void write(RecordWriter& out, const Acl& acl) {
  out.number(acl.size());
  for (const AclGrant& grant : acl) out.text(grant.grantee).text(grant.permission);
}

Acl read_acl(RecordReader& in) {
  Acl acl;
  read_all(in, [&] {
    std::string grantee = in.text();
    acl.push_back({std::move(grantee), in.text()});
  });
  return acl;
}

void write(RecordWriter& out, const std::vector<Segment>& segments) {
  out.number(segments.size());
  for (const Segment& segment : segments) out.text(segment.blob).number(segment.offset).number(segment.length);
}

std::vector<Segment> read_segments(RecordReader& in) {
  std::vector<Segment> segments;
  read_all(in, [&] {
    Segment segment;
    segment.blob = in.text();
    segment.offset = in.number();
    segment.length = in.number();
    segments.push_back(std::move(segment));
  });
  return segments;
}

void write(RecordWriter& out, const ObjectHeaders& headers) {
  write(out, headers.system);
  write(out, headers.metadata);
  out.number(headers.tags.size());
  for (const auto& [key, value] : headers.tags) out.text(key).text(value);
  out.text(headers.storage_class);
}

ObjectHeaders read_headers(RecordReader& in) {
  ObjectHeaders headers;
  headers.system = read_texts(in);
  headers.metadata = read_texts(in);
  read_all(in, [&] {
    std::string key = in.text();
    headers.tags.emplace_back(std::move(key), in.text());
  });
  headers.storage_class = in.text();
  return headers;
}

Time read_time(RecordReader& in) {
  return Time(Duration(in.integer()));
}

std::int64_t millis(Time time) {
  return time.time_since_epoch().count();
}

}  // namespace

std::string Bucket::arn() const {
  std::string arn = cloud::make_arn("s3", scope, name);
  // Bucket ARNs have neither Region nor account.
  const std::string middle = ":" + scope.region + ":" + scope.account + ":";
  return arn.replace(arn.find(middle), middle.size(), ":::");
}

std::vector<std::string> ObjectVersion::blobs() const {
  std::vector<std::string> ids;
  for (const Segment& segment : segments) ids.push_back(segment.blob);
  return ids;
}

store::Key bucket_key(std::string_view bucket) {
  return store::Key("s3.bucket").text(bucket);
}
store::Key object_key(std::string_view bucket, std::string_view key) {
  return store::Key("s3.object").text(bucket).text(key);
}
store::Key old_key(std::string_view bucket, std::string_view key, std::uint64_t sequence) {
  return olds_key(bucket, key).number(~sequence);
}
store::Key olds_key(std::string_view bucket, std::string_view key) {
  return store::Key("s3.old").text(bucket).text(key);
}
store::Key bytes_key(std::string_view bucket, std::string_view key, std::uint64_t sequence) {
  return store::Key("s3.bytes").text(bucket).text(key).number(sequence);
}
store::Key upload_key(std::string_view bucket, std::string_view key, std::string_view id) {
  return store::Key("s3.upload").text(bucket).text(key).text(id);
}
store::Key part_key(std::string_view upload, std::uint32_t number) {
  return parts_key(upload).number(number);
}
store::Key parts_key(std::string_view upload) {
  return store::Key("s3.part").text(upload);
}

std::string encode(const Bucket& bucket) {
  RecordWriter out(kVersion);
  out.text(bucket.scope.account).text(bucket.scope.region).integer(millis(bucket.created));
  out.number(static_cast<std::uint64_t>(bucket.versioning));
  out.number(bucket.ownership ? 1 + static_cast<std::uint64_t>(*bucket.ownership) : 0);
  out.flag(bucket.access_block.has_value());
  const PublicAccessBlock block = bucket.block();
  out.flag(block.block_acls).flag(block.ignore_acls).flag(block.block_policy).flag(block.restrict_buckets);
  write(out, bucket.acl);
  out.text(bucket.policy).text(bucket.tagging).text(bucket.lifecycle).text(bucket.notification);
  out.text(bucket.cors).text(bucket.encryption).text(bucket.location).text(bucket.transition_minimum_size);
  return std::move(out).take();
}

std::optional<Bucket> decode_bucket(std::string_view name, std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  Bucket bucket;
  bucket.name = name;
  bucket.scope.account = in.text();
  bucket.scope.region = in.text();
  bucket.created = read_time(in);
  bucket.versioning = static_cast<Versioning>(in.number());
  if (const auto ownership = in.number()) bucket.ownership = static_cast<Ownership>(ownership - 1);
  const bool blocked = in.flag();
  PublicAccessBlock block;
  block.block_acls = in.flag();
  block.ignore_acls = in.flag();
  block.block_policy = in.flag();
  block.restrict_buckets = in.flag();
  if (blocked) bucket.access_block = block;
  bucket.acl = read_acl(in);
  bucket.policy = in.text();
  bucket.tagging = in.text();
  bucket.lifecycle = in.text();
  bucket.notification = in.text();
  if (in.version() >= 2) {
    bucket.cors = in.text();
    bucket.encryption = in.text();
    bucket.location = in.text();
    bucket.transition_minimum_size = in.text();
  }
  if (!in.complete()) return std::nullopt;
  if (!bucket.policy.empty()) {
    auto document = policy::Document::parse(bucket.policy, policy::DocumentKind::kResource);
    if (!document) return std::nullopt;
    bucket.compiled_policy = std::make_shared<const policy::Document>(*std::move(document));
  }
  bucket.compiled_lifecycle =
      from_json_text<model::BucketLifecycleConfiguration>(bucket.lifecycle, model::kPutBucketLifecycleConfiguration);
  bucket.compiled_notification =
      from_json_text<model::NotificationConfiguration>(bucket.notification, model::kPutBucketNotificationConfiguration);
  bucket.compiled_cors = from_json_text<model::CORSConfiguration>(bucket.cors, model::kPutBucketCors);
  return bucket;
}

std::string encode(const ObjectVersion& version) {
  RecordWriter out(kVersion);
  out.number(version.sequence).text(version.version).flag(version.delete_marker).integer(millis(version.modified));
  out.text(version.owner);
  if (version.delete_marker) return std::move(out).take();
  write(out, version.acl);
  out.number(version.size).text(version.etag);
  write(out, version.headers);
  out.flag(version.checksum.has_value());
  if (version.checksum) {
    out.number(static_cast<std::uint64_t>(version.checksum->kind));
    out.text(version.checksum->digest).flag(version.checksum->composite);
  }
  out.number(version.parts.size());
  for (const ObjectPart& part : version.parts) out.number(part.number).number(part.size).text(part.digest);
  out.flag(version.is_inline);
  write(out, version.segments);
  out.number(static_cast<std::uint64_t>(version.sealing)).text(version.customer_key_md5).text(version.upload);
  return std::move(out).take();
}

std::optional<ObjectVersion> decode_version(std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  ObjectVersion version;
  version.sequence = in.number();
  version.version = in.text();
  version.delete_marker = in.flag();
  version.modified = read_time(in);
  version.owner = in.text();
  if (version.delete_marker) return in.complete() ? std::optional(version) : std::nullopt;
  version.acl = read_acl(in);
  version.size = in.number();
  version.etag = in.text();
  version.headers = read_headers(in);
  if (in.flag()) {
    ObjectChecksum& checksum = version.checksum.emplace();
    checksum.kind = static_cast<ChecksumKind>(in.number());
    checksum.digest = in.text();
    checksum.composite = in.flag();
  }
  read_all(in, [&] {
    ObjectPart part;
    part.number = static_cast<std::uint32_t>(in.number());
    part.size = in.number();
    part.digest = in.text();
    version.parts.push_back(std::move(part));
  });
  version.is_inline = in.flag();
  version.segments = read_segments(in);
  if (in.version() >= 2) {
    version.sealing = static_cast<Sealing>(in.number());
    version.customer_key_md5 = in.text();
    version.upload = in.text();
  }
  if (!in.complete()) return std::nullopt;
  return version;
}

std::string encode(const Upload& upload) {
  RecordWriter out(kVersion);
  out.integer(millis(upload.initiated)).text(upload.owner).text(upload.initiator);
  write(out, upload.acl);
  write(out, upload.headers);
  out.number(upload.checksum ? 1 + static_cast<std::uint64_t>(*upload.checksum) : 0).flag(upload.composite);
  out.number(upload.begun).flag(upload.overtaken).text(upload.customer_key_md5);
  return std::move(out).take();
}

std::optional<Upload> decode_upload(std::string_view bucket, std::string_view key, std::string_view id,
                                    std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  Upload upload;
  upload.bucket = bucket;
  upload.key = key;
  upload.id = id;
  upload.initiated = read_time(in);
  upload.owner = in.text();
  upload.initiator = in.text();
  upload.acl = read_acl(in);
  upload.headers = read_headers(in);
  if (const auto kind = in.number()) upload.checksum = static_cast<ChecksumKind>(kind - 1);
  upload.composite = in.flag();
  if (in.version() >= 2) {
    upload.begun = in.number();
    upload.overtaken = in.flag();
    upload.customer_key_md5 = in.text();
  }
  if (!in.complete()) return std::nullopt;
  return upload;
}

std::string encode(const UploadedPart& part) {
  RecordWriter out(kVersion);
  out.integer(millis(part.modified)).number(part.size).text(part.md5).text(part.digest);
  write(out, part.segments);
  return std::move(out).take();
}

std::optional<UploadedPart> decode_part(std::uint32_t number, std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  UploadedPart part;
  part.number = number;
  part.modified = read_time(in);
  part.size = in.number();
  part.md5 = in.text();
  part.digest = in.text();
  part.segments = read_segments(in);
  if (!in.complete()) return std::nullopt;
  return part;
}

namespace {
// A version's id is its sequence, random bytes, and a mark by which it is told from ids that were made elsewhere.
constexpr std::size_t kIdBytes = 24;
constexpr std::size_t kMarkBytes = 4;
constexpr std::size_t kRandomBytes = kIdBytes - sizeof(std::uint64_t) - kMarkBytes;

std::string mark_of(std::string_view bytes) {
  return std::string(as_bytes(md5("version" + std::string(bytes))).substr(0, kMarkBytes));
}

std::optional<std::string> id_bytes(std::string_view version_id) {
  std::string text(version_id);
  std::ranges::replace(text, '.', '+');
  std::ranges::replace(text, '_', '/');
  auto bytes = from_base64(text);
  if (!bytes || bytes->size() != kIdBytes) return std::nullopt;
  return bytes;
}
}  // namespace

std::string version_id(std::uint64_t sequence, std::string_view random) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>((sequence >> shift) & 0xff);
  bytes += as_bytes(md5(random)).substr(0, kRandomBytes);
  bytes += mark_of(bytes);
  std::string text = to_base64(bytes);
  std::ranges::replace(text, '+', '.');
  std::ranges::replace(text, '/', '_');
  return text;
}

std::optional<std::uint64_t> sequence_of(std::string_view version_id) {
  const auto bytes = id_bytes(version_id);
  if (!bytes) return std::nullopt;
  std::uint64_t sequence = 0;
  for (const char c : bytes->substr(0, 8)) sequence = sequence << 8 | static_cast<unsigned char>(c);
  return sequence;
}

bool is_version_id(std::string_view version_id) {
  const auto bytes = id_bytes(version_id);
  return bytes && bytes->substr(kIdBytes - kMarkBytes) == mark_of(bytes->substr(0, kIdBytes - kMarkBytes));
}

}  // namespace signalbox::s3
