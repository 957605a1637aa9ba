#include "services/s3/lifecycle_rules.h"

#include <algorithm>
#include <chrono>
#include <set>

namespace signalbox::s3 {
namespace {

using std::chrono::days;

constexpr std::size_t kMaxLifecycleRules = 1000;
constexpr std::int32_t kMinDaysToInfrequent = 30;
constexpr std::uint64_t kMinMovedBytes = std::uint64_t{128} * 1024;

/// In the order in which objects may go.
constexpr std::string_view kClasses[] = {"STANDARD",   "REDUCED_REDUNDANCY", "STANDARD_IA", "INTELLIGENT_TIERING",
                                         "ONEZONE_IA", "GLACIER_IR",         "GLACIER",     "DEEP_ARCHIVE"};

bool is_infrequent(std::string_view storage_class) {
  return storage_class == "STANDARD_IA" || storage_class == "ONEZONE_IA";
}

Result<void> check_number(const std::optional<std::int32_t>& number, std::string_view name, std::string_view action) {
  if (!number || *number > 0) return {};
  return invalid_argument("'" + std::string(name) + "' for " + std::string(action) +
                          " action must be a positive integer");
}

Result<void> check_date(const std::optional<Time>& date) {
  if (!date || std::chrono::floor<days>(*date) == *date) return {};
  return invalid_argument("'Date' must be at midnight GMT");
}

/// Tags of an And: at least two conditions stand in it, each tag once.
Result<void> check_and(const model::LifecycleRuleAndOperator& both) {
  const std::size_t tags = both.tags ? both.tags->size() : 0;
  const std::size_t said =
      tags + (both.prefix ? 1 : 0) + (both.object_size_greater_than ? 1 : 0) + (both.object_size_less_than ? 1 : 0);
  if (said < 2) return malformed_xml();
  std::set<std::string> keys;
  for (const model::Tag& tag : both.tags.value_or(std::vector<model::Tag>())) {
    if (!keys.insert(tag.key.value_or("")).second) {
      return fail("InvalidRequest", "Duplicate Tag Keys are not allowed.", 400);
    }
  }
  return {};
}

Result<void> check_filter(const model::LifecycleRule& rule) {
  if (rule.prefix.has_value() == rule.filter.has_value()) return malformed_xml();
  if (!rule.filter) return {};
  const model::LifecycleRuleFilter& filter = *rule.filter;
  const int said = (filter.prefix ? 1 : 0) + (filter.tag ? 1 : 0) + (filter.object_size_greater_than ? 1 : 0) +
                   (filter.object_size_less_than ? 1 : 0) + (filter.and_ ? 1 : 0);
  if (said > 1) return malformed_xml();
  Result<void> done;
  if (filter.and_) done = check_and(*filter.and_);
  const Scope scope = scope_of(rule);
  if (done && scope.above && scope.below && *scope.below <= *scope.above) {
    return fail("InvalidRequest", "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.", 400);
  }
  return done;
}

Result<void> check_expiration(const model::LifecycleExpiration& expiration, const Scope& scope) {
  const int said =
      (expiration.date ? 1 : 0) + (expiration.days ? 1 : 0) + (expiration.expired_object_delete_marker ? 1 : 0);
  if (said != 1) return malformed_xml();
  if (expiration.expired_object_delete_marker && !scope.tags.empty()) {
    return fail("InvalidRequest", "ExpiredObjectDeleteMarker cannot be specified with Tags.", 400);
  }
  Result<void> done = check_number(expiration.days, "Days", "Expiration");
  return done ? check_date(expiration.date) : done;
}

Result<void> check_class(const std::optional<std::string>& name) {
  if (!name || *name == "STANDARD" || std::ranges::find(kClasses, *name) == std::end(kClasses)) return malformed_xml();
  return check_storage_class(*name);
}

Result<void> check_transition(const model::Transition& one, const model::LifecycleRule& rule) {
  if (one.date.has_value() == one.days.has_value()) return malformed_xml();
  Result<void> done = check_class(one.storage_class);
  if (done) done = check_date(one.date);
  if (!done || !one.days) return done;
  if (*one.days < 0) return invalid_argument("'Days' in Transition action must be nonnegative");
  if (is_infrequent(*one.storage_class) && *one.days < kMinDaysToInfrequent) {
    return invalid_argument("'Days' in Transition action must be greater than or equal to 30 for storageClass '" +
                            *one.storage_class + "'");
  }
  if (rule.expiration && rule.expiration->days && *rule.expiration->days <= *one.days) {
    return invalid_argument("'Days' in the Expiration action for filter '(prefix=" + scope_of(rule).prefix +
                            ")' must be greater than 'Days' in the Transition action");
  }
  return {};
}

Result<void> check_noncurrent(const model::LifecycleRule& rule) {
  Result<void> done;
  if (const auto& expiration = rule.noncurrent_version_expiration) {
    if (!expiration->noncurrent_days) return malformed_xml();
    done = check_number(expiration->noncurrent_days, "NoncurrentDays", "NoncurrentVersionExpiration");
  }
  for (const model::NoncurrentVersionTransition& one :
       rule.noncurrent_version_transitions.value_or(std::vector<model::NoncurrentVersionTransition>())) {
    if (!done) return done;
    if (!one.noncurrent_days) return malformed_xml();
    done = check_class(one.storage_class);
    if (done && is_infrequent(*one.storage_class) && *one.noncurrent_days < kMinDaysToInfrequent) {
      return invalid_argument(
          "'NoncurrentDays' in NoncurrentVersionTransition action must be greater than or equal to 30 for storageClass "
          "'" +
          *one.storage_class + "'");
    }
  }
  return done;
}

Result<void> check_transitions(const model::LifecycleRule& rule) {
  std::set<std::string> classes;
  for (const model::Transition& one : rule.transitions.value_or(std::vector<model::Transition>())) {
    Result<void> done = check_transition(one, rule);
    if (!done) return done;
    if (!classes.insert(*one.storage_class).second) {
      return fail("InvalidRequest",
                  "'StorageClass' must be different for 'Transition' actions in same 'Rule' with " +
                      std::string("prefix '") + scope_of(rule).prefix + "'",
                  400);
    }
  }
  return {};
}

Result<void> check_rule(const model::LifecycleRule& rule) {
  if (rule.id && rule.id->size() > 255) return invalid_argument("ID length should not exceed allowed limit of 255");
  Result<void> done = check_filter(rule);
  if (!done) return done;
  if (!rule.expiration && !rule.noncurrent_version_expiration && !rule.abort_incomplete_multipart_upload &&
      !rule.transitions && !rule.noncurrent_version_transitions) {
    return fail("InvalidRequest", "At least one action needs to be specified in a rule.", 400);
  }
  const Scope scope = scope_of(rule);
  if (rule.expiration) done = check_expiration(*rule.expiration, scope);
  if (done) done = check_transitions(rule);
  if (done) done = check_noncurrent(rule);
  if (done && rule.abort_incomplete_multipart_upload) {
    done = check_number(rule.abort_incomplete_multipart_upload->days_after_initiation, "DaysAfterInitiation",
                        "AbortIncompleteMultipartUpload");
    if (!scope.tags.empty()) {
      return fail("InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Tags.", 400);
    }
    if (scope.above || scope.below) {
      return fail("InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Object Size.", 400);
    }
  }
  return done;
}

}  // namespace

Time midnight_after(Time time) {
  const auto day = std::chrono::floor<days>(time);
  return day == time ? time : Time(day + days(1));
}

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

int class_rank(std::string_view storage_class) {
  return static_cast<int>(std::ranges::find(kClasses, storage_class) - std::begin(kClasses));
}

bool may_move(const Bucket& bucket, const Scope& scope, const ObjectVersion& version, std::string_view target) {
  if (scope.above || scope.below || version.size >= kMinMovedBytes) return true;
  const bool archive = target == "GLACIER" || target == "DEEP_ARCHIVE";
  return archive && bucket.transition_minimum_size == kMinimumByClass;
}

Result<void> check_lifecycle(const model::BucketLifecycleConfiguration& configuration) {
  const auto& rules = configuration.rules;
  if (!rules || rules->empty() || rules->size() > kMaxLifecycleRules) return malformed_xml();
  std::set<std::string> ids;
  for (const model::LifecycleRule& rule : *rules) {
    Result<void> checked = check_rule(rule);
    if (!checked) return checked;
    if (rule.id && !rule.id->empty() && !ids.insert(*rule.id).second) {
      return invalid_argument("Rule ID must be unique. Found same ID for more than one rule");
    }
  }
  return {};
}

}  // namespace signalbox::s3
