// The versions of a key, and changing them: everything that makes, replaces or removes an object goes through here, in
// the turn of its key's stripe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/s3/core.h"
#include "services/s3/notices.h"

namespace signalbox::s3 {

/// The newest version, which may be a delete marker; empty where the key has none. Errors: those of the store.
Result<std::optional<ObjectVersion>> newest(const Core& core, std::string_view bucket, std::string_view key);

/// Visits the older versions of a key, newest first, until `visit` returns false. Errors: those of the store.
Result<void> each_old(const Core& core, std::string_view bucket, std::string_view key,
                      const std::function<bool(ObjectVersion)>& visit);

/// That version, or the newest where none is named. Errors: those of the store; InvalidArgument for what cannot be a
/// version's id.
Result<std::optional<ObjectVersion>> find_version(const Core& core, const Bucket& bucket, std::string_view key,
                                                  const std::optional<std::string>& version);

/// An object's own content, newly stored, that goes again unless a change that has it is committed.
class NewBlobs {
 public:
  explicit NewBlobs(Blobs& blobs) : blobs_(&blobs) {}
  NewBlobs(NewBlobs&& other) noexcept : blobs_(other.blobs_), ids_(std::exchange(other.ids_, {})) {}
  NewBlobs& operator=(NewBlobs&&) = delete;
  ~NewBlobs() { blobs_->kept(ids_, false); }
  void add(std::string id) { ids_.push_back(std::move(id)); }
  std::vector<std::string> take() { return std::exchange(ids_, {}); }

 private:
  Blobs* blobs_;
  std::vector<std::string> ids_;
};

/// What one request changes. Made in the turn of its key.
struct Change {
  explicit Change(BucketPtr of) : bucket(std::move(of)) {}
  BucketPtr bucket;
  store::Batch batch;
  std::vector<std::string> keep;
  std::vector<std::string> drop;
  std::vector<Notice> notices;
};

/// The sequence of a version that would be made now, upon the newest one.
std::uint64_t next_sequence(const Core& core, const std::optional<ObjectVersion>& newest);

/// Makes `version` the newest of `key`: gives it its place and its id, as the bucket's versioning has it, with `bytes`
/// as its content where that is inline. Errors: those of the store.
Result<void> add_version(const Core& core, std::string_view key, ObjectVersion& version, std::string_view bytes,
                         Change& change);

/// Writes a version that is there already anew: its tags or list changed.
void rewrite_version(std::string_view key, const ObjectVersion& newest, const ObjectVersion& version, Change& change);

/// Removes one version for good; the one before becomes the newest. Errors: those of the store.
Result<void> remove_version(const Core& core, std::string_view key, const ObjectVersion& version, Change& change);

/// What a delete without a version did.
struct Deleted {
  bool marker = false;  // whether there is one now, or what was removed was one
  std::optional<std::string> version;
};
/// Deletes as DeleteObject does: removes the version that is named; else, in a bucket with versions, puts a marker.
/// `by_lifecycle` tells the notices so. Errors: those of the store.
Result<Deleted> delete_key(const Core& core, std::string_view key, const std::optional<std::string>& version,
                           const Notice& about, Change& change);

/// Commits, with what the bucket's notifications bring. The bucket must not be going. Errors: NoSuchBucket, those of
/// the store; then nothing is changed.
Answer<void> commit(Core& core, Change change);

}  // namespace signalbox::s3
