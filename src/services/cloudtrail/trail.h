// Trails: where records go.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cloud/scope.h"
#include "services/cloudtrail/selectors.h"
#include "store/key.h"

namespace signalbox::cloudtrail {

/// What came of the last deliveries. Times are of the last that was done, unless they say "attempt".
struct TrailStatus {
  std::optional<Time> delivered, attempted, notified, notify_attempted, logs_delivered, digest_delivered;
  std::string delivery_error, notification_error, logs_error, digest_error;  // "" for none
};

/// A trail as it is kept. Immutable; a change makes a new one.
struct Trail {
  cloud::Scope home;
  std::string name;
  std::string bucket;
  std::string prefix;     // "" for none
  std::string topic_arn;  // "" for none
  bool global_events = true;
  bool multi_region = false;
  bool validation = false;  // digest files
  std::string log_group_arn;
  std::string log_role_arn;
  bool logging = false;
  std::optional<Time> started, stopped;
  Selectors selectors;
  std::map<std::string, std::string> tags;

  std::string arn() const { return cloud::make_arn("cloudtrail", home, "trail/" + name); }
  /// Whether records of that Region are for it; `is_global`: of a service without Regions.
  bool covers(const cloud::Scope& scope, bool is_global) const {
    if (is_global) return global_events && scope.account == home.account;
    return scope.account == home.account && (multi_region || scope.region == home.region);
  }
};
using TrailPtr = std::shared_ptr<const Trail>;

store::Key trail_key(const cloud::Scope& home, std::string_view name);
std::string encode(const Trail& trail);
std::optional<Trail> decode_trail(std::string_view bytes);
std::string encode(const TrailStatus& status);
std::optional<TrailStatus> decode_status(std::string_view bytes);

/// Errors: InvalidTrailNameException, with what is wrong.
Result<void> check_trail_name(std::string_view name);

inline constexpr std::string_view kTrailSpace = "cloudtrail.trail";
/// By ARN: status; by ARN and Region what waits to be delivered.
inline constexpr std::string_view kStatusSpace = "cloudtrail.status";
inline constexpr std::string_view kPendingSpace = "cloudtrail.pending";
/// By ARN and Region: the log file that is being delivered, those the next digest tells of, the digest before it.
inline constexpr std::string_view kFileSpace = "cloudtrail.file";
inline constexpr std::string_view kLogFileSpace = "cloudtrail.logfile";
inline constexpr std::string_view kDigestSpace = "cloudtrail.digest";

}  // namespace signalbox::cloudtrail
