#include "services/s3/records.h"

#include <algorithm>

#include "base/encoding.h"
#include "services/s3/bucket_changes.h"

namespace signalbox::s3 {

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

bool Bucket::restore() {
  if (!policy.empty()) {
    auto document = policy::Document::parse(policy, policy::DocumentKind::kResource);
    if (!document) return false;
    compiled_policy = std::make_shared<const policy::Document>(*std::move(document));
  }
  compiled_lifecycle =
      from_json_text<model::BucketLifecycleConfiguration>(lifecycle, model::kPutBucketLifecycleConfiguration);
  compiled_notification =
      from_json_text<model::NotificationConfiguration>(notification, model::kPutBucketNotificationConfiguration);
  compiled_cors = from_json_text<model::CORSConfiguration>(cors, model::kPutBucketCors);
  return true;
}

std::optional<Bucket> read_bucket(std::string_view name, std::string_view bytes) {
  auto bucket = store::decode<Bucket>(bytes);
  if (bucket) bucket->name = name;
  return bucket;
}

std::optional<Upload> read_upload(std::string_view bucket, std::string_view key, std::string_view id,
                                  std::string_view bytes) {
  auto upload = store::decode<Upload>(bytes);
  if (!upload) return upload;
  upload->bucket = bucket;
  upload->key = key;
  upload->id = id;
  return upload;
}

std::optional<UploadedPart> read_part(std::uint32_t number, std::string_view bytes) {
  auto part = store::decode<UploadedPart>(bytes);
  if (part) part->number = number;
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
