#include "services/s3/lifecycle.h"

#include <algorithm>
#include <chrono>

#include "base/time_text.h"
#include "services/s3/lifecycle_rules.h"
#include "services/s3/object_headers.h"
#include "services/s3/uploads.h"
#include "services/s3/versions.h"

namespace signalbox::s3 {
namespace {

using std::chrono::days;

constexpr std::size_t kPage = 500;  // keys looked at before others get their turn

/// So many days after, rounded up to the next midnight, UTC: when something is over.
bool is_over(Time since, std::int32_t after_days, Time now) {
  return midnight_after(since + days(after_days)) <= now;
}

bool is_on(const model::LifecycleRule& rule) {
  return rule.status == "Enabled";
}

/// When the rule expires the object; empty when it does not.
std::optional<Time> expires_at(const model::LifecycleRule& rule, const ObjectVersion& version) {
  if (!rule.expiration) return std::nullopt;
  if (rule.expiration->date) return *rule.expiration->date;
  if (rule.expiration->days) return midnight_after(version.modified + days(*rule.expiration->days));
  return std::nullopt;
}

/// What becomes of one key by the bucket's rules.
class Sweep {
 public:
  Sweep(Core& core, BucketPtr bucket, Time now) : core_(core), bucket_(std::move(bucket)), now_(now) {
    for (const model::LifecycleRule& rule : *bucket_->compiled_lifecycle->rules) {
      if (is_on(rule)) rules_.emplace_back(&rule, scope_of(rule));
    }
  }

  asio::awaitable<void> run() {
    std::string after;
    for (;;) {
      const std::vector<std::string> keys = page(after);
      for (const std::string& key : keys) {
        (void)co_await in_turn(core_.stripe_of(bucket_->name, key), [&] { return sweep_key(key); });
      }
      if (keys.size() < kPage) break;
      after = keys.back();
    }
    co_await sweep_uploads();
  }

 private:
  std::vector<std::string> page(const std::string& after) const {
    std::vector<std::string> keys;
    const store::Key all = store::Key("s3.object").text(bucket_->name);
    const std::string from = after.empty() ? all.bytes() : object_key(bucket_->name, after).end();
    (void)core_.house.store.read()->scan(from, all.end(), [&](std::string_view key, std::string_view) {
      store::KeyReader reader(key);
      reader.text();
      reader.text();
      keys.push_back(reader.text().value_or(""));
      return keys.size() < kPage;
    });
    return keys;
  }

  /// The lifecycle may have changed, or the bucket gone, while the sweep went on.
  BucketPtr still() const {
    BucketPtr bucket = core_.find(bucket_->name);
    return bucket && bucket->lifecycle == bucket_->lifecycle ? bucket : nullptr;
  }

  Answer<void> sweep_key(std::string key) {
    const BucketPtr bucket = still();
    if (!bucket) co_return Result<void>();
    const auto current = newest(core_, bucket->name, key);
    if (!current || !*current) co_return Result<void>();
    Notice by;
    by.kind = Notice::Kind::kDeleted;
    by.by_lifecycle = true;
    by.request_id = core_.house.random.uuid();
    if (bucket->versioning != Versioning::kNever) co_await sweep_old(bucket, key, **current, by);
    const bool alone = (*current)->delete_marker && !has_old(*bucket, key);
    const bool over = std::ranges::any_of(rules_, [&](const auto& one) {
      const auto& [rule, scope] = one;
      if (!is_about(scope, key, **current)) return false;
      if ((*current)->delete_marker) {
        // A marker that hides nothing goes by ExpiredObjectDeleteMarker, and by Days.
        const auto& expiration = rule->expiration;
        if (!alone || !expiration) return false;
        return expiration->expired_object_delete_marker.value_or(false) ||
               (expiration->days && is_over((*current)->modified, *expiration->days, now_));
      }
      const auto at = expires_at(*rule, **current);
      return at && *at <= now_;
    });
    if (!over) {
      co_await move_class(bucket, key, by);
      co_return Result<void>();
    }
    Change change(bucket);
    std::optional<std::string> version;
    if ((*current)->delete_marker) version = (*current)->version;
    Result<Deleted> deleted = delete_key(core_, key, version, by, change);
    if (!deleted) co_return std::unexpected(std::move(deleted).error());
    co_return co_await commit(core_, std::move(change));
  }

  /// The newest version gets the storage class of the last transition that is over, where that is a lower one.
  asio::awaitable<void> move_class(const BucketPtr& bucket, const std::string& key, const Notice& by) {
    const auto current = newest(core_, bucket->name, key);
    if (!current || !*current || (*current)->delete_marker) co_return;
    ObjectVersion version = **current;
    std::string target = version.headers.storage_class;
    for (const auto& [rule, scope] : rules_) {
      for (const model::Transition& one : rule->transitions.value_or(std::vector<model::Transition>())) {
        const bool over = one.date ? *one.date <= now_ : is_over(version.modified, one.days.value_or(0), now_);
        if (!over || !is_about(scope, key, version) || !may_move(*bucket, scope, version, *one.storage_class)) continue;
        if (class_rank(*one.storage_class) > class_rank(target)) target = *one.storage_class;
      }
    }
    co_await set_class(bucket, key, **current, std::move(version), std::move(target), by);
  }

  asio::awaitable<void> set_class(const BucketPtr& bucket, const std::string& key, const ObjectVersion& current,
                                  ObjectVersion version, std::string target, const Notice& by) {
    if (target == version.headers.storage_class) co_return;
    version.headers.storage_class = target;
    Change change(bucket);
    rewrite_version(key, current, version, change);
    Notice notice = by;
    notice.kind = Notice::Kind::kMoved;
    notice.key = key;
    notice.size = version.size;
    notice.etag = version.etag;
    notice.version = version.version;
    notice.sequence = version.sequence;
    notice.storage_class = version.headers.storage_class;
    change.notices.push_back(std::move(notice));
    (void)co_await commit(core_, std::move(change));
  }

  bool has_old(const Bucket& bucket, const std::string& key) const {
    bool found = false;
    const store::Key all = olds_key(bucket.name, key);
    (void)core_.house.store.read()->scan(all, all.end(), [&](std::string_view, std::string_view) {
      found = true;
      return false;
    });
    return found;
  }

  /// Older versions that have been so for long enough, but for those that are to be kept in any case.
  asio::awaitable<void> sweep_old(const BucketPtr& bucket, const std::string& key, const ObjectVersion& current,
                                  const Notice& by) {
    std::vector<ObjectVersion> gone;
    std::vector<std::pair<ObjectVersion, std::string>> moved;
    const store::Key all = olds_key(bucket->name, key);
    Time since = current.modified;  // when a version stopped being the newest
    std::int32_t newer = 0;
    (void)core_.house.store.read()->scan(all, all.end(), [&](std::string_view, std::string_view value) {
      const auto old = store::decode<ObjectVersion>(value);
      if (!old) return true;
      const bool over = std::ranges::any_of(rules_, [&](const auto& one) {
        const auto& [rule, scope] = one;
        const auto& expiration = rule->noncurrent_version_expiration;
        return expiration && is_about(scope, key, *old) && newer >= expiration->newer_noncurrent_versions.value_or(0) &&
               is_over(since, *expiration->noncurrent_days, now_);
      });
      if (over) {
        gone.push_back(*old);
      } else if (std::string target = old_class(*bucket, key, *old, since, newer);
                 target != old->headers.storage_class) {
        moved.emplace_back(*old, std::move(target));
      }
      since = old->modified;
      ++newer;
      return gone.size() + moved.size() < kPage;
    });
    for (auto& [version, target] : moved) co_await set_class(bucket, key, current, std::move(version), target, by);
    for (const ObjectVersion& version : gone) {
      Change change(bucket);
      const Result<Deleted> deleted = delete_key(core_, key, version.version, by, change);
      if (deleted) (void)co_await commit(core_, std::move(change));
    }
  }

  /// The class that an older version is to have by now.
  std::string old_class(const Bucket& bucket, const std::string& key, const ObjectVersion& old, Time since,
                        std::int32_t newer) const {
    std::string target = old.headers.storage_class;
    if (old.delete_marker) return target;
    for (const auto& [rule, scope] : rules_) {
      for (const model::NoncurrentVersionTransition& one :
           rule->noncurrent_version_transitions.value_or(std::vector<model::NoncurrentVersionTransition>())) {
        const bool over =
            newer >= one.newer_noncurrent_versions.value_or(0) && is_over(since, one.noncurrent_days.value_or(0), now_);
        if (!over || !is_about(scope, key, old) || !may_move(bucket, scope, old, *one.storage_class)) continue;
        if (class_rank(*one.storage_class) > class_rank(target)) target = *one.storage_class;
      }
    }
    return target;
  }

  asio::awaitable<void> sweep_uploads() {
    std::vector<Upload> over;
    const store::Key all = store::Key("s3.upload").text(bucket_->name);
    (void)core_.house.store.read()->scan(all, all.end(), [&](std::string_view key, std::string_view value) {
      store::KeyReader reader(key);
      reader.text();
      reader.text();
      const std::string name = reader.text().value_or("");
      const std::string id = reader.text().value_or("");
      auto upload = read_upload(bucket_->name, name, id, value);
      const bool is_over_now = upload && std::ranges::any_of(rules_, [&](const auto& one) {
                                 const auto& abort = one.first->abort_incomplete_multipart_upload;
                                 return abort && abort->days_after_initiation && name.starts_with(one.second.prefix) &&
                                        is_over(upload->initiated, *abort->days_after_initiation, now_);
                               });
      if (is_over_now) over.push_back(*std::move(upload));
      return true;
    });
    for (const Upload& upload : over) {
      (void)co_await in_turn(core_.stripe_of(upload.bucket, upload.key),
                             [&] { return abort_upload(core_, upload.bucket, upload.key, upload.id); });
    }
  }

  Core& core_;
  const BucketPtr bucket_;
  const Time now_;
  std::vector<std::pair<const model::LifecycleRule*, Scope>> rules_;
};

asio::awaitable<void> sweep_all(Core& core) {
  const Time now = core.house.clock.now();
  for (const BucketPtr& bucket : core.all_buckets()) {
    if (!bucket->compiled_lifecycle) continue;
    Sweep sweep(core, bucket, now);
    co_await sweep.run();
  }
}

}  // namespace

void arm_lifecycle(Core& core, bool soon) {
  const bool needed =
      std::ranges::any_of(core.all_buckets(), [](const BucketPtr& b) { return b->compiled_lifecycle != nullptr; });
  if (core.lifecycle_armed || !needed) return;
  core.lifecycle_armed = true;
  cloud::Shard& shard = core.house.shards.at(0);
  const Time now = core.house.clock.now();
  const Time next = soon ? now : Time(std::chrono::floor<days>(now) + days(1));
  shard.alarms().set(next, [&core, &shard] {
    core.lifecycle_armed = false;
    shard.spawn("s3.lifecycle", sweep_all(core));
    arm_lifecycle(core);
  });
}

std::optional<std::string> expiration_header(const Bucket& bucket, std::string_view key, const ObjectVersion& version) {
  if (!bucket.compiled_lifecycle) return std::nullopt;
  std::optional<Time> first;
  std::string rule_id;
  for (const model::LifecycleRule& rule : *bucket.compiled_lifecycle->rules) {
    if (!is_on(rule) || !is_about(scope_of(rule), key, version)) continue;
    const auto at = expires_at(rule, version);
    if (!at || (first && *first <= *at)) continue;
    first = at;
    rule_id = rule.id.value_or("");
  }
  if (!first) return std::nullopt;
  return "expiry-date=\"" + to_http_date(*first) + "\", rule-id=\"" + rule_id + "\"";
}

}  // namespace signalbox::s3
