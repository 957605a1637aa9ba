// Archives of FIFO topics, and their replay to subscriptions ("Amazon SNS message archiving and replay for FIFO
// topics").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "services/sns/message.h"
#include "services/sns/names.h"
#include "store/fields.h"
#include "store/key.h"

namespace signalbox::sns {

struct Core;
class Topic;
struct Subscription;

inline constexpr std::string_view kArchiveSpace = "sns.archive";
inline constexpr std::string_view kReplaySpace = "sns.replay";

/// A topic's ArchivePolicy, {"MessageRetentionPeriod":"30"}: days, 1 to 365. Errors: InvalidParameter.
Result<int> read_archive_policy(std::string_view text);

/// A subscription's ReplayPolicy: {"PointType":"Timestamp","StartingPoint":TIME}, with an EndingPoint or without.
struct ReplayPolicy {
  Time start{};
  std::optional<Time> end;
};
/// Errors: InvalidParameter.
Result<ReplayPolicy> read_replay_policy(std::string_view text);

/// The least sequence number of what is published from that time on.
std::uint64_t sequence_at(Time time);

store::Key archive_key(std::uint64_t topic, std::uint64_t sequence);
store::Key archive_keys(std::uint64_t topic);

/// How far a replay has come.
struct Replay {
  static constexpr std::uint8_t kVersion = 1;
  enum class Status { kPending, kInProgress, kCompleted, kFailed };
  friend constexpr Status last_value(Status) { return Status::kFailed; }
  Status status = Status::kPending;
  std::uint64_t next = 0;    // sequence number of the first message that is still to come
  std::uint64_t end = 0;     // of the first that is not asked for any more
  std::uint64_t resume = 0;  // of the first that was published after the replay began: from there on they are new
  bool running = false;      // not stored

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("status", self.status)("next", self.next)("end", self.end)("resume", self.resume);
  }
};
store::Key replay_key(std::uint64_t topic, std::string_view subscription);
store::Key replay_keys(std::uint64_t topic);
/// "Completed" ...
std::string text_of(Replay::Status status);

/// The replay that a policy begins now.
Replay begin_replay(const Topic& topic, const ReplayPolicy& policy);
/// Goes on with a subscription's replay unless it does already. On the topic's shard, or before the shards run.
void run_replay(Core& core, const std::shared_ptr<Topic>& topic, const std::string& subscription);

}  // namespace signalbox::sns
