// ListObjects, ListObjectsV2, ListObjectVersions.

#include <algorithm>

#include "base/encoding.h"
#include "cloud/paging.h"
#include "services/s3/access.h"
#include "services/s3/intake.h"
#include "services/s3/listing.h"

namespace signalbox::s3 {
namespace {

Result<Listed> list_objects(const Core& core, const ListQuery& query, const std::optional<std::string>& encoding,
                            bool with_owner, std::vector<model::Object>& objects,
                            std::vector<model::CommonPrefix>& prefixes) {
  Result<void> broken;
  const auto on_key = [&](const std::string& key, store::KeyReader&, std::string_view value,
                          std::int32_t room) -> std::int32_t {
    const auto version = store::decode<ObjectVersion>(value);
    if (!version) broken = fail("InternalError", "The record of the object " + key + " cannot be read.", 500);
    if (!version || version->delete_marker) return 0;
    if (room == 0) return 1;
    model::Object& object = objects.emplace_back();
    object.key = encoded(encoding, key);
    object.last_modified = version->modified;
    object.e_tag = quoted_etag(version->etag);
    object.size = static_cast<std::int64_t>(version->size);
    object.storage_class = version->headers.storage_class;
    if (version->checksum) {
      object.checksum_algorithm = {std::string(name_of(version->checksum->kind))};
      object.checksum_type = version->checksum->composite ? "COMPOSITE" : "FULL_OBJECT";
    }
    if (with_owner) object.owner = owner_of(version->owner);
    return 1;
  };
  const auto on_prefix = [&](const std::string& prefix) { prefixes.emplace_back().prefix = encoded(encoding, prefix); };
  Result<Listed> listed = list_keys(core, "s3.object", query, on_key, on_prefix);
  if (!broken) return std::unexpected(std::move(broken).error());
  return listed;
}

std::optional<std::string> region_of(const Core& core, std::string_view bucket) {
  const BucketPtr found = core.find(bucket);
  return found ? std::optional(found->scope.region) : std::nullopt;
}

template <class In>
Result<ListQuery> query_of(const In& input, std::string_view size_name) {
  ListQuery query;
  query.bucket = *input.bucket;
  query.prefix = input.prefix.value_or("");
  query.delimiter = input.delimiter.value_or("");
  const Result<std::int32_t> most = page_size(input.max_keys, size_name);
  if (!most) return std::unexpected(most.error());
  query.most = *most;
  Result<void> known = check_encoding(input.encoding_type);
  if (!known) return std::unexpected(std::move(known).error());
  return query;
}

Answer<model::ListObjectsOutput> list_v1(Core& core, const cloud::Call&, model::ListObjectsRequest input) {
  Result<ListQuery> query = query_of(input, "maxKeys");
  if (!query) co_return std::unexpected(std::move(query).error());
  query->after = input.marker.value_or("");
  model::ListObjectsOutput output;
  output.contents.emplace();
  output.common_prefixes.emplace();
  const Result<Listed> listed =
      list_objects(core, *query, input.encoding_type, true, *output.contents, *output.common_prefixes);
  if (!listed) co_return std::unexpected(listed.error());
  output.name = input.bucket;
  output.bucket_region = region_of(core, *input.bucket);
  output.prefix = encoded(input.encoding_type, query->prefix);
  output.marker = encoded(input.encoding_type, query->after);
  output.max_keys = query->most;
  if (!query->delimiter.empty()) output.delimiter = encoded(input.encoding_type, query->delimiter);
  output.encoding_type = input.encoding_type;
  output.is_truncated = listed->truncated;
  // Without a delimiter, clients take the last key.
  if (listed->truncated && !query->delimiter.empty()) output.next_marker = encoded(input.encoding_type, listed->last);
  co_return output;
}

Answer<model::ListObjectsV2Output> list_v2(Core& core, const cloud::Call&, model::ListObjectsV2Request input) {
  Result<ListQuery> query = query_of(input, "maxKeys");
  if (!query) co_return std::unexpected(std::move(query).error());
  query->after = input.start_after.value_or("");
  const std::string listing = "s3:" + query->bucket;
  if (input.continuation_token) {
    const auto after = cloud::read_page_token(listing, *input.continuation_token);
    if (!after) {
      co_return invalid_argument("The continuation token provided is incorrect", "continuation-token",
                                 *input.continuation_token);
    }
    query->after = *after;
  }
  model::ListObjectsV2Output output;
  output.contents.emplace();
  output.common_prefixes.emplace();
  const Result<Listed> listed = list_objects(core, *query, input.encoding_type, input.fetch_owner.value_or(false),
                                             *output.contents, *output.common_prefixes);
  if (!listed) co_return std::unexpected(listed.error());
  output.name = input.bucket;
  output.bucket_region = region_of(core, *input.bucket);
  output.prefix = encoded(input.encoding_type, query->prefix);
  output.max_keys = query->most;
  output.key_count = static_cast<std::int32_t>(output.contents->size() + output.common_prefixes->size());
  if (!query->delimiter.empty()) output.delimiter = encoded(input.encoding_type, query->delimiter);
  if (input.start_after && !input.continuation_token) {
    output.start_after = encoded(input.encoding_type, *input.start_after);
  }
  output.encoding_type = input.encoding_type;
  output.continuation_token = input.continuation_token;
  output.is_truncated = listed->truncated;
  if (listed->truncated) output.next_continuation_token = cloud::make_page_token(listing, listed->last);
  co_return output;
}

/// Gathers the versions of one key after another.
class VersionLister {
 public:
  VersionLister(const Core& core, const model::ListObjectVersionsRequest& input,
                model::ListObjectVersionsOutput& output)
      : core_(core), input_(input), output_(output), snapshot_(core.house.store.read()) {
    output_.versions.emplace();
    output_.delete_markers.emplace();
    output_.common_prefixes.emplace();
    if (input.key_marker && input.version_id_marker) after_ = sequence_of_marker();
  }

  std::int32_t key(const std::string& key, std::string_view newest, std::int32_t room) {
    room_ = room;
    made_ = 0;
    const bool resumed = input_.version_id_marker && key == input_.key_marker;
    if (resumed && !after_) return 0;
    const auto first = store::decode<ObjectVersion>(newest);
    if (!first) return 0;
    if (!resumed || first->sequence < *after_) add(key, *first, true);
    const store::Key all = olds_key(*input_.bucket, key);
    const store::Key from = resumed ? old_key(*input_.bucket, key, *after_) : all;
    const auto scanned = snapshot_->scan(from, all.end(), [&](std::string_view, std::string_view value) {
      const auto old = store::decode<ObjectVersion>(value);
      if (old && (!resumed || old->sequence < *after_)) add(key, *old, false);
      return made_ <= room_;
    });
    failed_ = failed_ || !scanned;
    return made_;
  }
  bool failed() const { return failed_; }

  std::string last_key;
  std::string last_version;

 private:
  /// Where the version of the marker stands among those of its key.
  std::optional<std::uint64_t> sequence_of_marker() const {
    Bucket bucket;
    bucket.name = *input_.bucket;
    if (*input_.version_id_marker != kNullVersion) return sequence_of(*input_.version_id_marker);
    const auto found = find_version(core_, bucket, *input_.key_marker, input_.version_id_marker);
    if (!found || !*found) return std::nullopt;
    return (*found)->sequence;
  }

  void add(const std::string& key, const ObjectVersion& version, bool latest) {
    if (++made_ > room_) return;
    last_key = key;
    last_version = version.version;
    if (version.delete_marker) {
      model::DeleteMarkerEntry& marker = output_.delete_markers->emplace_back();
      marker.key = encoded(input_.encoding_type, key);
      marker.version_id = version.version;
      marker.is_latest = latest;
      marker.last_modified = version.modified;
      marker.owner = owner_of(version.owner);
      return;
    }
    model::ObjectVersion& one = output_.versions->emplace_back();
    one.key = encoded(input_.encoding_type, key);
    one.version_id = version.version;
    one.is_latest = latest;
    one.last_modified = version.modified;
    one.e_tag = quoted_etag(version.etag);
    one.size = static_cast<std::int64_t>(version.size);
    one.storage_class = version.headers.storage_class;
    one.owner = owner_of(version.owner);
    if (!version.checksum) return;
    one.checksum_algorithm = {std::string(name_of(version.checksum->kind))};
    one.checksum_type = version.checksum->composite ? "COMPOSITE" : "FULL_OBJECT";
  }

  const Core& core_;
  const model::ListObjectVersionsRequest& input_;
  model::ListObjectVersionsOutput& output_;
  std::unique_ptr<store::Snapshot> snapshot_;
  std::optional<std::uint64_t> after_;
  std::int32_t room_ = 0;
  std::int32_t made_ = 0;
  bool failed_ = false;
};

Answer<model::ListObjectVersionsOutput> list_versions(Core& core, const cloud::Call&,
                                                      model::ListObjectVersionsRequest input) {
  Result<ListQuery> query = query_of(input, "maxKeys");
  if (!query) co_return std::unexpected(std::move(query).error());
  if (input.version_id_marker && input.version_id_marker->empty()) {
    co_return invalid_argument("A version-id marker cannot be empty.", "version-id-marker", "");
  }
  if (input.version_id_marker && !input.key_marker) {
    co_return invalid_argument("A version-id marker cannot be specified without a key marker.", "version-id-marker",
                               *input.version_id_marker);
  }
  query->after = input.key_marker.value_or("");
  query->from_key = input.version_id_marker.has_value();
  model::ListObjectVersionsOutput output;
  VersionLister lister(core, input, output);
  const auto on_key = [&](const std::string& key, store::KeyReader&, std::string_view value, std::int32_t room) {
    return lister.key(key, value, room);
  };
  const auto on_prefix = [&](const std::string& prefix) {
    output.common_prefixes->emplace_back().prefix = encoded(input.encoding_type, prefix);
    lister.last_key = prefix;
    lister.last_version.clear();
  };
  const Result<Listed> listed = list_keys(core, "s3.object", *query, on_key, on_prefix);
  if (!listed) co_return std::unexpected(listed.error());
  if (lister.failed()) co_return fail("InternalError", "The versions of a key cannot be read.", 500);
  output.name = input.bucket;
  output.bucket_region = region_of(core, *input.bucket);
  output.prefix = encoded(input.encoding_type, query->prefix);
  output.key_marker = encoded(input.encoding_type, query->after);
  output.version_id_marker = input.version_id_marker.value_or("");
  output.max_keys = query->most;
  if (!query->delimiter.empty()) output.delimiter = encoded(input.encoding_type, query->delimiter);
  output.encoding_type = input.encoding_type;
  output.is_truncated = listed->truncated;
  if (listed->truncated) {
    output.next_key_marker = encoded(input.encoding_type, lister.last_key);
    if (!lister.last_version.empty()) output.next_version_id_marker = lister.last_version;
  }
  co_return output;
}

/// Describes a listing, with what policies may ask of it.
auto on_listing(Core& core, const char* action) {
  return [&core, action](const cloud::Call& call, const auto& input) -> Answer<Accesses> {
    Result<Accesses> accesses = co_await on_bucket(core, action, "READ")(call, input);
    if (!accesses) co_return accesses;
    policy::Context& keys = accesses->front().keys;
    if (input.prefix) keys.add("s3:prefix", *input.prefix);
    if (input.delimiter) keys.add("s3:delimiter", *input.delimiter);
    if (input.max_keys) keys.add("s3:max-keys", std::to_string(*input.max_keys));
    co_return accesses;
  };
}

}  // namespace

void register_list_operations(Core& core) {
  serve(core, model::kListObjects, on_listing(core, "s3:ListBucket"),
        [&core](const cloud::Call& call, model::ListObjectsRequest input) {
          return list_v1(core, call, std::move(input));
        });
  serve(core, model::kListObjectsV2, on_listing(core, "s3:ListBucket"),
        [&core](const cloud::Call& call, model::ListObjectsV2Request input) {
          return list_v2(core, call, std::move(input));
        });
  serve(core, model::kListObjectVersions, on_listing(core, "s3:ListBucketVersions"),
        [&core](const cloud::Call& call, model::ListObjectVersionsRequest input) {
          return list_versions(core, call, std::move(input));
        });
}

}  // namespace signalbox::s3
