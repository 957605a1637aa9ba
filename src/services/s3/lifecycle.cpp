#include "services/s3/lifecycle.h"

#include <algorithm>
#include <chrono>

#include "base/time_text.h"
#include "services/s3/object_headers.h"
#include "services/s3/uploads.h"
#include "services/s3/versions.h"

namespace signalbox::s3 {
namespace {

using std::chrono::days;

constexpr std::size_t kMaxRules = 1000;
constexpr std::size_t kPage = 500;  // keys looked at before others get their turn

Time midnight_after(Time time) {
  const auto day = std::chrono::floor<days>(time);
  return day == time ? time : Time(day + days(1));
}

/// So many days after, rounded up to the next midnight, UTC: when something is over.
bool is_over(Time since, std::int32_t after_days, Time now) {
  return midnight_after(since + days(after_days)) <= now;
}

/// What a rule is about.
struct Scope {
  std::string prefix;
  Tags tags;
  std::optional<std::int64_t> above;
  std::optional<std::int64_t> below;
};

Scope scope_of(const model::LifecycleRule& rule) {
  Scope scope;
  scope.prefix = rule.prefix.value_or("");
  if (!rule.filter) return scope;
  const model::LifecycleRuleFilter& filter = *rule.filter;
  if (filter.prefix) scope.prefix = *filter.prefix;
  if (filter.tag) scope.tags.emplace_back(filter.tag->key.value_or(""), filter.tag->value.value_or(""));
  scope.above = filter.object_size_greater_than;
  scope.below = filter.object_size_less_than;
  if (!filter.and_) return scope;
  scope.prefix = filter.and_->prefix.value_or("");
  scope.above = filter.and_->object_size_greater_than;
  scope.below = filter.and_->object_size_less_than;
  for (const model::Tag& tag : filter.and_->tags.value_or(std::vector<model::Tag>())) {
    scope.tags.emplace_back(tag.key.value_or(""), tag.value.value_or(""));
  }
  return scope;
}

bool is_about(const Scope& scope, std::string_view key, const ObjectVersion& version) {
  if (!key.starts_with(scope.prefix)) return false;
  if (version.delete_marker) return scope.tags.empty() && !scope.above && !scope.below;
  if (scope.above && static_cast<std::int64_t>(version.size) <= *scope.above) return false;
  if (scope.below && static_cast<std::int64_t>(version.size) >= *scope.below) return false;
  return std::ranges::all_of(scope.tags, [&](const auto& tag) {
    return std::ranges::find(version.headers.tags, tag) != version.headers.tags.end();
  });
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

Result<void> check_days(const std::optional<std::int32_t>& number, std::string_view name) {
  if (number && *number <= 0) {
    return invalid_argument("'" + std::string(name) + "' for the action must be a positive integer");
  }
  return {};
}

Result<void> check_rule(const model::LifecycleRule& rule) {
  if (rule.transitions || rule.noncurrent_version_transitions) return not_implemented("Transition");
  if (rule.id && rule.id->size() > 255) return invalid_argument("ID length should not exceed allowed limit of 255");
  if (!rule.prefix && !rule.filter)
    return fail("MalformedXML", "A lifecycle rule must have a Filter or a Prefix.", 400);
  if (!rule.expiration && !rule.noncurrent_version_expiration && !rule.abort_incomplete_multipart_upload) {
    return fail("InvalidRequest", "At least one action needs to be specified in a rule.", 400);
  }
  Result<void> done;
  if (rule.expiration) {
    const model::LifecycleExpiration& expiration = *rule.expiration;
    const int said =
        (expiration.date ? 1 : 0) + (expiration.days ? 1 : 0) + (expiration.expired_object_delete_marker ? 1 : 0);
    if (said != 1) return fail("MalformedXML", "Expiration has one of Date, Days and ExpiredObjectDeleteMarker.", 400);
    done = check_days(expiration.days, "Days");
    if (done && expiration.date && std::chrono::floor<days>(*expiration.date) != *expiration.date) {
      return invalid_argument("'Date' must be at midnight GMT");
    }
  }
  if (done && rule.noncurrent_version_expiration) {
    done = check_days(rule.noncurrent_version_expiration->noncurrent_days, "NoncurrentDays");
    if (!rule.noncurrent_version_expiration->noncurrent_days)
      return fail("MalformedXML", "NoncurrentDays is missing.", 400);
  }
  if (done && rule.abort_incomplete_multipart_upload) {
    done = check_days(rule.abort_incomplete_multipart_upload->days_after_initiation, "DaysAfterInitiation");
    const Scope scope = scope_of(rule);
    if (!scope.tags.empty() || scope.above || scope.below) {
      return invalid_argument("AbortIncompleteMultipartUpload cannot be specified with Tags or sizes");
    }
  }
  return done;
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
    if (!over) co_return Result<void>();
    Change change(bucket);
    std::optional<std::string> version;
    if ((*current)->delete_marker) version = (*current)->version;
    Result<Deleted> deleted = delete_key(core_, key, version, by, change);
    if (!deleted) co_return std::unexpected(std::move(deleted).error());
    co_return co_await commit(core_, std::move(change));
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
    const store::Key all = olds_key(bucket->name, key);
    Time since = current.modified;  // when a version stopped being the newest
    std::int32_t newer = 0;
    (void)core_.house.store.read()->scan(all, all.end(), [&](std::string_view, std::string_view value) {
      const auto old = decode_version(value);
      if (!old) return true;
      const bool over = std::ranges::any_of(rules_, [&](const auto& one) {
        const auto& [rule, scope] = one;
        const auto& expiration = rule->noncurrent_version_expiration;
        return expiration && is_about(scope, key, *old) && newer >= expiration->newer_noncurrent_versions.value_or(0) &&
               is_over(since, *expiration->noncurrent_days, now_);
      });
      if (over) gone.push_back(*old);
      since = old->modified;
      ++newer;
      return gone.size() < kPage;
    });
    for (const ObjectVersion& version : gone) {
      Change change(bucket);
      const Result<Deleted> deleted = delete_key(core_, key, version.version, by, change);
      if (deleted) (void)co_await commit(core_, std::move(change));
    }
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
      auto upload = decode_upload(bucket_->name, name, id, value);
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
    shard.spawn(sweep_all(core));
    arm_lifecycle(core);
  });
}

Result<void> check_lifecycle(const model::BucketLifecycleConfiguration& configuration) {
  if (!configuration.rules || configuration.rules->empty() || configuration.rules->size() > kMaxRules) {
    return fail("MalformedXML", "A lifecycle configuration has 1 to 1000 rules.", 400);
  }
  for (std::size_t i = 0; i < configuration.rules->size(); ++i) {
    const model::LifecycleRule& rule = (*configuration.rules)[i];
    Result<void> checked = check_rule(rule);
    if (!checked) return checked;
    for (std::size_t other = 0; other < i; ++other) {
      if (rule.id && rule.id == (*configuration.rules)[other].id) {
        return invalid_argument("Rule ID must be unique. Found same ID for more than one rule");
      }
    }
  }
  return {};
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
