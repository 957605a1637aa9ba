// Log files: what waits for a trail, put into its bucket, its log group and its topic every five minutes ("CloudTrail
// log file ...", "Finding your CloudTrail log files").
#pragma once

#include <string>

#include "services/cloudtrail/core.h"
#include "store/fields.h"

namespace signalbox::cloudtrail {

inline constexpr auto kDeliverEvery = std::chrono::minutes(5);
/// Records that cannot be delivered are tried for so long.
inline constexpr auto kTryFor = std::chrono::days(30);

/// A log file that was delivered, as the next digest tells of it.
struct LogFile {
  static constexpr std::uint8_t kVersion = 1;
  std::string bucket;
  std::string object;
  std::string hash;  // SHA-256 of what was compressed, hexadecimal
  Time oldest{}, newest{};

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("bucket", self.bucket)("object", self.object)("hash", self.hash);
    field("oldest", self.oldest)("newest", self.newest);
  }
};

/// Delivers all that waits in a lane. On shard 0, one at a time.
asio::awaitable<void> deliver(Core& core, Lane lane);

/// Delivers the digest of a lane when an hour has passed since the one before ("CloudTrail digest file structure").
/// Returns when the next one is due; nothing for a trail that has stopped.
asio::awaitable<std::optional<Time>> deliver_digest(Core& core, TrailPtr trail, std::string region);
/// The Regions that the trail has digests of.
Result<std::vector<std::string>> digest_regions(const Core& core, const Trail& trail);
/// Ends the chain of digests of a trail that has no log file validation any more.
asio::awaitable<void> forget_digests(Core& core, std::string trail);

/// Reads, changes and returns what is known of a trail's deliveries. Errors: those of the store.
Result<TrailStatus> status_of(const Core& core, const std::string& trail);
/// What GetTrailStatus calls an error of S3, SNS or Logs.
std::string delivery_error(const Error& error);
/// "2026/11/25"
std::string day_path(Time time);
/// "20261125T0205Z", with seconds where asked.
std::string compact_time(Time time, bool seconds);

}  // namespace signalbox::cloudtrail
