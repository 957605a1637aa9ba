// What is kept in the store: buckets, versions of objects, uploads and their parts.
//
//   s3.bucket  NAME                     a bucket
//   s3.object  BUCKET KEY               the newest version of an object, or the delete marker in its place
//   s3.old     BUCKET KEY ~SEQUENCE     its older versions, newest first
//   s3.bytes   BUCKET KEY SEQUENCE      the content of a small version
//   s3.upload  BUCKET KEY UPLOAD        a multipart upload
//   s3.part    UPLOAD NUMBER            a part of it
//   s3.blob, s3.garbage                 see blobs.h
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/checksum.h"
#include "base/clock.h"
#include "cloud/scope.h"
#include "policy/document.h"
#include "services/s3/acl.h"
#include "services/s3/blobs.h"
#include "store/field_forms.h"
#include "store/key.h"

namespace signalbox::s3 {

inline constexpr std::string_view kNullVersion = "null";
/// Contents up to this size are kept in the store.
inline constexpr std::size_t kMaxInline = std::size_t{32} * 1024;

using Texts = std::map<std::string, std::string, std::less<>>;

enum class Versioning : std::uint8_t { kNever, kEnabled, kSuspended };
constexpr Versioning last_value(Versioning) {
  return Versioning::kSuspended;
}
enum class Ownership : std::uint8_t { kObjectWriter, kBucketOwnerPreferred, kBucketOwnerEnforced };
constexpr Ownership last_value(Ownership) {
  return Ownership::kBucketOwnerEnforced;
}

struct PublicAccessBlock {
  bool block_acls = false;
  bool ignore_acls = false;
  bool block_policy = false;
  bool restrict_buckets = false;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("block_acls", self.block_acls)("ignore_acls", self.ignore_acls)("block_policy", self.block_policy);
    field("restrict_buckets", self.restrict_buckets);
  }
};

/// Keeps a bucket from going while something is put into it.
class Gate {
 public:
  /// False when the bucket goes. What entered must leave.
  bool enter() {
    ++inside_;
    if (!closed_) return true;
    --inside_;
    return false;
  }
  void leave() { --inside_; }
  /// False when somebody is inside.
  bool close() {
    closed_ = true;
    if (inside_ == 0) return true;
    closed_ = false;
    return false;
  }
  void open() { closed_ = false; }

 private:
  std::atomic<std::size_t> inside_{0};
  std::atomic<bool> closed_{false};
};

/// Immutable: a change makes a new one.
struct Bucket {
  static constexpr std::uint8_t kVersion = 2;  // 2: what follows the notification
  std::string name;
  cloud::Scope scope;  // owner and Region
  Time created{};
  Versioning versioning = Versioning::kNever;
  std::optional<Ownership> ownership;  // empty: its controls were deleted, which is as kObjectWriter
  std::optional<PublicAccessBlock> access_block;
  Acl acl;
  std::string policy;  // "" for none
  /// The settings that have shapes of their own, as JSON by their shapes; "" for none.
  std::string tagging, lifecycle, notification, cors, encryption;
  std::string location;                 // "EU", where it was made so; else "": its Region says it
  std::string transition_minimum_size;  // as PutBucketLifecycleConfiguration names it; "" for AWS's default

  // Compiled from those.
  std::shared_ptr<const policy::Document> compiled_policy;
  std::shared_ptr<const model::BucketLifecycleConfiguration> compiled_lifecycle;
  std::shared_ptr<const model::NotificationConfiguration> compiled_notification;
  std::shared_ptr<const model::CORSConfiguration> compiled_cors;

  /// Shared by all states of the bucket.
  std::shared_ptr<Gate> gate = std::make_shared<Gate>();

  bool enforces_owner() const { return ownership == Ownership::kBucketOwnerEnforced; }
  PublicAccessBlock block() const { return access_block.value_or(PublicAccessBlock()); }
  std::string arn() const;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("scope", self.scope)("created", self.created)("versioning", self.versioning);
    field("ownership", store::numbered(self.ownership))("access_block", store::always(self.access_block));
    field("acl", self.acl)("policy", self.policy)("tagging", self.tagging)("lifecycle", self.lifecycle);
    field("notification", self.notification);
    if (field.since(2)) {
      field("cors", self.cors)("encryption", self.encryption)("location", self.location);
      field("transition_minimum_size", self.transition_minimum_size);
    }
  }
  bool restore();
};
using BucketPtr = std::shared_ptr<const Bucket>;

/// A checksum as S3 names it, of an object or a part.
struct ObjectChecksum {
  ChecksumKind kind = ChecksumKind::kCrc64Nvme;
  std::string digest;      // bytes
  bool composite = false;  // of the parts' checksums

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("kind", self.kind)("digest", self.digest)("composite", self.composite);
  }
};

/// How a content is kept ("Protecting data with server-side encryption" in the Amazon S3 User Guide).
enum class Sealing : std::uint8_t {
  kNone,      // as it came: what versions of this server before 0.2 have written
  kManaged,   // SSE-S3: under this server's own key
  kCustomer,  // SSE-C: under a key that each request brings
};
constexpr Sealing last_value(Sealing) {
  return Sealing::kCustomer;
}

struct ObjectPart {
  std::uint32_t number = 0;
  std::uint64_t size = 0;
  std::string digest;  // of the object's kind of checksum; "" for none

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("number", self.number)("size", self.size)("digest", self.digest);
  }
};

/// What a client gives with an object's content.
struct ObjectHeaders {
  Texts system;  // by header name in lower case: content-type, cache-control, ...
  Texts metadata;
  std::vector<std::pair<std::string, std::string>> tags;
  std::string storage_class = "STANDARD";

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("system", self.system)("metadata", self.metadata)("tags", self.tags)("storage_class", self.storage_class);
  }
};

struct ObjectVersion {
  static constexpr std::uint8_t kVersion = 2;  // 2: encryption, the upload
  std::uint64_t sequence = 0;                  // newer versions of a key have higher ones
  std::string version;                         // "null", or the id
  bool delete_marker = false;
  Time modified{};
  std::string owner;  // account
  Acl acl;
  std::uint64_t size = 0;
  std::string etag;  // without quotes
  ObjectHeaders headers;
  std::optional<ObjectChecksum> checksum;
  std::vector<ObjectPart> parts;  // of multipart uploads
  bool is_inline = false;         // its content is in s3.bytes
  std::vector<Segment> segments;  // else
  Sealing sealing = Sealing::kNone;
  std::string customer_key_md5;  // of kCustomer: the key's MD5, in base64
  std::string upload;            // the id of the multipart upload that made it; "" for none

  std::vector<std::string> blobs() const;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("sequence", self.sequence)("version", self.version)("delete_marker", self.delete_marker);
    field("modified", self.modified)("owner", self.owner);
    if (self.delete_marker) return;
    field("acl", self.acl)("size", self.size)("etag", self.etag)("headers", self.headers);
    field("checksum", self.checksum)("parts", self.parts)("is_inline", self.is_inline)("segments", self.segments);
    if (field.since(2)) {
      field("sealing", self.sealing)("customer_key_md5", self.customer_key_md5)("upload", self.upload);
    }
  }
};

struct Upload {
  static constexpr std::uint8_t kVersion = 2;  // 2: what follows `composite`
  std::string bucket;
  std::string key;
  std::string id;
  Time initiated{};
  std::string owner;      // of the object to be
  std::string initiator;  // ARN
  Acl acl;
  ObjectHeaders headers;
  std::optional<ChecksumKind> checksum;
  bool composite = false;
  std::uint64_t begun = 0;       // versions of the key with this sequence or a higher one came later
  bool overtaken = false;        // a version of the key was removed since
  std::string customer_key_md5;  // as ObjectVersion's

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("initiated", self.initiated)("owner", self.owner)("initiator", self.initiator)("acl", self.acl);
    field("headers", self.headers)("checksum", store::numbered(self.checksum))("composite", self.composite);
    if (field.since(2)) {
      field("begun", self.begun)("overtaken", self.overtaken)("customer_key_md5", self.customer_key_md5);
    }
  }
};

struct UploadedPart {
  static constexpr std::uint8_t kVersion = 2;
  std::uint32_t number = 0;
  Time modified{};
  std::uint64_t size = 0;
  std::string md5;  // bytes
  std::string digest;
  std::vector<Segment> segments;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("modified", self.modified)("size", self.size)("md5", self.md5)("digest", self.digest);
    field("segments", self.segments);
  }
};

store::Key bucket_key(std::string_view bucket);
store::Key object_key(std::string_view bucket, std::string_view key);
store::Key old_key(std::string_view bucket, std::string_view key, std::uint64_t sequence);
store::Key olds_key(std::string_view bucket, std::string_view key);
store::Key bytes_key(std::string_view bucket, std::string_view key, std::uint64_t sequence);
store::Key upload_key(std::string_view bucket, std::string_view key, std::string_view id);
store::Key part_key(std::string_view upload, std::uint32_t number);
store::Key parts_key(std::string_view upload);

/// The records under keys with these parts. Empty for bytes that are no such record.
std::optional<Bucket> read_bucket(std::string_view name, std::string_view bytes);
std::optional<Upload> read_upload(std::string_view bucket, std::string_view key, std::string_view id,
                                  std::string_view bytes);
std::optional<UploadedPart> read_part(std::uint32_t number, std::string_view bytes);

/// A version's id, which tells its place among the versions of its key; and that place. Empty for what is no such id.
std::string version_id(std::uint64_t sequence, std::string_view random);
std::optional<std::uint64_t> sequence_of(std::string_view version_id);
/// Whether this server has made that id. Those of its versions before 0.2 have a sequence, too, and no mark of it.
bool is_version_id(std::string_view version_id);

}  // namespace signalbox::s3
