#include "services/s3/versions.h"

#include <algorithm>

namespace signalbox::s3 {
namespace {

/// So many versions of a key may be made in the same millisecond and still be in order.
constexpr std::uint64_t kSequencesPerMillisecond = 1000;

Error broken_record(std::string_view key) {
  return {"InternalError", "The record of the object " + std::string(key) + " in the store cannot be read.", 500};
}

}  // namespace

Result<void> each_old(const Core& core, std::string_view bucket, std::string_view key,
                      const std::function<bool(ObjectVersion)>& visit) {
  const store::Key all = olds_key(bucket, key);
  Result<void> done;
  Result<void> scanned = core.house.store.read()->scan(all, all.end(), [&](std::string_view, std::string_view value) {
    auto version = store::decode<ObjectVersion>(value);
    if (!version) {
      done = std::unexpected(broken_record(key));
      return false;
    }
    return visit(*std::move(version));
  });
  return done ? scanned : done;
}

namespace {

void forget_content(std::string_view key, const ObjectVersion& version, Change& change) {
  if (version.is_inline) change.batch.erase(bytes_key(change.bucket->name, key, version.sequence));
  for (std::string& id : version.blobs()) change.drop.push_back(std::move(id));
}

/// Removes the version "null" that is among the older ones.
Result<void> remove_old_null(const Core& core, std::string_view key, Change& change) {
  return each_old(core, change.bucket->name, key, [&](const ObjectVersion& old) {
    if (old.version != kNullVersion) return true;
    change.batch.erase(old_key(change.bucket->name, key, old.sequence));
    forget_content(key, old, change);
    return false;
  });
}

/// Uploads of the key that are under way are marked: what they were begun upon is gone. A version that comes is told by
/// its sequence; one that goes for good leaves nothing else.
Result<void> tell_uploads(const Core& core, std::string_view key, Change& change) {
  const store::Key all = store::Key("s3.upload").text(change.bucket->name).text(key);
  return core.house.store.read()->scan(all, all.end(), [&](std::string_view bytes, std::string_view value) {
    store::KeyReader reader(bytes);
    for (int i = 0; i < 3; ++i) reader.text();
    auto upload = read_upload(change.bucket->name, key, reader.text().value_or(""), value);
    if (!upload || upload->overtaken) return true;
    upload->overtaken = true;
    change.batch.put(bytes, store::encode(*upload));
    return true;
  });
}

}  // namespace

Result<std::optional<ObjectVersion>> newest(const Core& core, std::string_view bucket, std::string_view key) {
  const auto record = core.house.store.get(object_key(bucket, key));
  if (!record) return std::unexpected(record.error());
  if (!*record) return std::nullopt;
  auto version = store::decode<ObjectVersion>(**record);
  if (!version) return std::unexpected(broken_record(key));
  return version;
}

Result<std::optional<ObjectVersion>> find_version(const Core& core, const Bucket& bucket, std::string_view key,
                                                  const std::optional<std::string>& version) {
  Result<std::optional<ObjectVersion>> current = newest(core, bucket.name, key);
  if (!current || !version || (*current && (*current)->version == *version)) return current;
  std::optional<ObjectVersion> found;
  if (*version == kNullVersion) {
    if (!*current) return found;
    Result<void> done = each_old(core, bucket.name, key, [&](ObjectVersion old) {
      if (old.version != kNullVersion) return true;
      found = std::move(old);
      return false;
    });
    if (!done) return std::unexpected(std::move(done).error());
    return found;
  }
  if (const auto sequence = sequence_of(*version)) {
    const auto record = core.house.store.get(old_key(bucket.name, key, *sequence));
    if (!record) return std::unexpected(record.error());
    if (*record) found = store::decode<ObjectVersion>(**record);
    if (*record && !found) return std::unexpected(broken_record(key));
    if (found && found->version != *version) found.reset();
  }
  if (found || (is_version_id(*version) && bucket.versioning != Versioning::kNever)) return found;
  return invalid_argument("Invalid version id specified", "versionId", *version);
}

std::uint64_t next_sequence(const Core& core, const std::optional<ObjectVersion>& newest) {
  const auto now =
      static_cast<std::uint64_t>(core.house.clock.now().time_since_epoch().count()) * kSequencesPerMillisecond;
  return newest ? std::max(now, newest->sequence + 1) : now;
}

Result<void> add_version(const Core& core, std::string_view key, ObjectVersion& version, std::string_view bytes,
                         Change& change) {
  const Bucket& bucket = *change.bucket;
  const Result<std::optional<ObjectVersion>> before = newest(core, bucket.name, key);
  if (!before) return std::unexpected(before.error());
  version.sequence = next_sequence(core, *before);
  version.version = bucket.versioning == Versioning::kEnabled ? version_id(version.sequence, core.house.random.uuid())
                                                              : std::string(kNullVersion);
  const bool replaces = *before && version.version == kNullVersion && (*before)->version == kNullVersion;
  if (replaces) {
    forget_content(key, **before, change);
  } else if (*before) {
    change.batch.put(old_key(bucket.name, key, (*before)->sequence), store::encode(**before));
    if (version.version == kNullVersion) {
      Result<void> done = remove_old_null(core, key, change);
      if (!done) return done;
    }
  }
  change.batch.put(object_key(bucket.name, key), store::encode(version));
  if (version.is_inline) change.batch.put(bytes_key(bucket.name, key, version.sequence), bytes);
  return {};
}

void rewrite_version(std::string_view key, const ObjectVersion& newest, const ObjectVersion& version, Change& change) {
  const std::string& bucket = change.bucket->name;
  if (newest.sequence == version.sequence) {
    change.batch.put(object_key(bucket, key), store::encode(version));
  } else {
    change.batch.put(old_key(bucket, key, version.sequence), store::encode(version));
  }
}

Result<void> remove_version(const Core& core, std::string_view key, const ObjectVersion& version, Change& change) {
  const std::string& bucket = change.bucket->name;
  const Result<std::optional<ObjectVersion>> current = newest(core, bucket, key);
  if (!current) return std::unexpected(current.error());
  forget_content(key, version, change);
  if (!*current || (*current)->sequence != version.sequence) {
    change.batch.erase(old_key(bucket, key, version.sequence));
    return {};
  }
  std::optional<ObjectVersion> next;
  if (change.bucket->versioning != Versioning::kNever) {
    Result<void> done = each_old(core, bucket, key, [&](ObjectVersion old) {
      next = std::move(old);
      return false;
    });
    if (!done) return done;
  }
  if (!next) {
    change.batch.erase(object_key(bucket, key));
    return {};
  }
  change.batch.put(object_key(bucket, key), store::encode(*next));
  change.batch.erase(old_key(bucket, key, next->sequence));
  return {};
}

Result<Deleted> delete_key(const Core& core, std::string_view key, const std::optional<std::string>& version,
                           const Notice& about, Change& change) {
  const Bucket& bucket = *change.bucket;
  const bool for_good = version || bucket.versioning == Versioning::kNever;
  Deleted deleted;
  Notice notice = about;
  notice.key = key;
  if (for_good) {
    const auto found = find_version(core, bucket, key, version);
    if (!found) return std::unexpected(found.error());
    deleted.version = version;
    if (!*found) return deleted;
    deleted.marker = (*found)->delete_marker;
    Result<void> done = remove_version(core, key, **found, change);
    if (done) done = tell_uploads(core, key, change);
    if (!done) return std::unexpected(std::move(done).error());
    notice.kind = Notice::Kind::kDeleted;
    notice.version = version.value_or("");
    notice.sequence = (*found)->sequence;
  } else {
    ObjectVersion marker;
    marker.delete_marker = true;
    marker.modified = core.now();
    marker.owner = bucket.scope.account;
    Result<void> done = add_version(core, key, marker, {}, change);
    if (!done) return std::unexpected(std::move(done).error());
    deleted = {true, marker.version};
    notice.kind = Notice::Kind::kMarked;
    notice.version = marker.version;
    notice.sequence = marker.sequence;
  }
  change.notices.push_back(std::move(notice));
  return deleted;
}

namespace {

/// Sequencers of a key's notifications grow with each of its events, whether or not the clock does.
void set_sequencers(Core& core, Change& change) {
  for (Notice& notice : change.notices) {
    std::atomic<std::uint64_t>& told = core.stripe_of(change.bucket->name, notice.key).told;
    std::uint64_t last = told.load();
    do {
      notice.sequence = std::max({next_sequence(core, std::nullopt), notice.sequence, last + 1});
    } while (!told.compare_exchange_weak(last, notice.sequence));
  }
}

}  // namespace

Answer<void> commit(Core& core, Change change) {
  const std::shared_ptr<Gate> gate = change.bucket->gate;
  if (!gate->enter()) {
    core.blobs.kept(change.keep, false);
    co_return no_such_bucket(change.bucket->name);
  }
  core.blobs.keep(change.batch, change.keep);
  core.blobs.drop(change.batch, change.drop);
  set_sequencers(core, change);
  cloud::Outbox outbox = outbox_of(core, *change.bucket, change.notices);
  auto failures = co_await outbox.commit(std::move(change.batch));
  gate->leave();
  core.blobs.kept(change.keep, failures.has_value());
  if (!failures) co_return std::unexpected(std::move(failures).error());
  core.blobs.dropped(std::move(change.drop));
  tell_of_failures(core, *change.bucket, *failures);
  co_return Result<void>();
}

}  // namespace signalbox::s3
