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
#include "store/fields.h"
#include "store/key.h"

namespace signalbox::cloudtrail {

/// What came of the last deliveries. Times are of the last that was done, unless they say "attempt".
struct TrailStatus {
  static constexpr std::uint8_t kVersion = 1;
  std::optional<Time> delivered, attempted, notified, notify_attempted, logs_delivered, digest_delivered;
  std::string delivery_error, notification_error, logs_error, digest_error;  // "" for none

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("delivered", self.delivered)("attempted", self.attempted)("notified", self.notified);
    field("notify_attempted", self.notify_attempted)("logs_delivered", self.logs_delivered);
    field("digest_delivered", self.digest_delivered)("delivery_error", self.delivery_error);
    field("notification_error", self.notification_error)("logs_error", self.logs_error);
    field("digest_error", self.digest_error);
  }
};

struct TrailId {
  cloud::Scope home;
  std::string name;
  auto operator<=>(const TrailId&) const = default;
  std::string arn() const { return cloud::make_arn("cloudtrail", home, "trail/" + name); }

  template <class Self, class Parts>
  static void parts(Self& self, Parts& part) {
    part(self.home.account)(self.home.region)(self.name);
  }
};

/// A trail as it is kept. Immutable; a change makes a new one.
struct Trail : TrailId {
  using Id = TrailId;
  static constexpr std::uint8_t kVersion = 1;
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

  /// Whether records of that Region are for it; `is_global`: of a service without Regions.
  bool covers(const cloud::Scope& scope, bool is_global) const {
    if (is_global) return global_events && scope.account == home.account;
    return scope.account == home.account && (multi_region || scope.region == home.region);
  }

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("home", self.home)("name", self.name)("bucket", self.bucket)("prefix", self.prefix);
    field("topic_arn", self.topic_arn)("global_events", self.global_events)("multi_region", self.multi_region);
    field("validation", self.validation)("log_group_arn", self.log_group_arn)("log_role_arn", self.log_role_arn);
    field("logging", self.logging)("started", self.started)("stopped", self.stopped);
    field("selectors", self.selectors)("tags", self.tags);
  }
};
using TrailPtr = std::shared_ptr<const Trail>;

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
