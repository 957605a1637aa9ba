#include "services/sns/archive.h"

#include <algorithm>
#include <charconv>

#include "base/time_text.h"
#include "json/json.h"
#include "services/sns/core.h"
#include "services/sns/fan_out.h"

namespace signalbox::sns {
namespace {

constexpr int kMaxDays = 365;
/// A step of a replay: one batch, for which publishers wait.
constexpr std::size_t kAtOnce = 10;
constexpr std::size_t kBytesAtOnce = 1024 * 1024;
constexpr std::uint64_t kSequencesOfMillisecond = 1'000'000;
constexpr std::chrono::seconds kTryAgain{1};

std::unexpected<Error> wrong(const std::string& name, const std::string& what) {
  return invalid(name, what);
}

/// One step of one replay, in turn.
class Step {
 public:
  Step(Core& core, Topic& topic, std::string id) : core_(core), topic_(topic), id_(std::move(id)) {}

  /// Whether there is more to do. Errors: the store's.
  asio::awaitable<Result<bool>> run() {
    const auto found = topic_.replays.find(id_);
    const SubscriptionPtr subscription = topic_.find(id_);
    if (found == topic_.replays.end() || !subscription || is_over(found->second)) co_return false;
    Replay replay = found->second;
    Result<std::vector<Message>> messages = read(replay);
    if (!messages) co_return std::unexpected(std::move(messages).error());
    store::Batch batch;
    replay.status = messages->empty() ? Replay::Status::kCompleted : Replay::Status::kInProgress;
    batch.put(replay_key(topic_.state()->record.number, id_), store::encode(replay));
    auto settlement = co_await fan_out_to(core_, topic_, *messages, subscription, batch);
    if (!settlement) co_return std::unexpected(std::move(settlement).error());
    Result<void> committed = co_await core_.house.store.commit(std::move(batch));
    if (!committed) co_return std::unexpected(std::move(committed).error());
    settlement->settle(true);
    const auto still = topic_.replays.find(id_);
    if (still != topic_.replays.end()) still->second = replay;
    co_return replay.status == Replay::Status::kInProgress;
  }

  static bool is_over(const Replay& replay) {
    return replay.status == Replay::Status::kCompleted || replay.status == Replay::Status::kFailed;
  }

 private:
  /// The next few messages; moves `replay` behind them.
  Result<std::vector<Message>> read(Replay& replay) {
    const auto state = topic_.state();
    const Time oldest = core_.house.clock.now() - std::chrono::days(state->settings.archive_days);
    replay.next = std::max(replay.next, sequence_at(oldest));
    if (replay.next >= replay.end && replay.next < replay.resume) replay.next = replay.resume;
    const bool asked = replay.next < replay.end && replay.next < replay.resume;
    const std::uint64_t until = asked ? std::min(replay.end, replay.resume) : ~std::uint64_t{0};
    std::vector<Message> messages;
    std::size_t bytes = 0;
    bool readable = true;
    const std::uint64_t number = state->record.number;
    Result<void> scanned = core_.house.store.read()->scan(archive_key(number, replay.next), archive_key(number, until),
                                                          [&](std::string_view, std::string_view value) {
                                                            auto message = store::decode<Message>(value);
                                                            readable = message.has_value();
                                                            if (!readable) return false;
                                                            message->replayed = asked;
                                                            bytes += message->bytes();
                                                            replay.next = message->sequence + 1;
                                                            messages.push_back(*std::move(message));
                                                            return messages.size() < kAtOnce && bytes < kBytesAtOnce;
                                                          });
    if (!scanned) return std::unexpected(std::move(scanned).error());
    if (!readable) return fail("InternalErrorException", "An archived message cannot be read.", 500);
    if (!messages.empty() || !asked) return messages;
    // All that was asked for is through; what was published meanwhile comes next.
    replay.next = replay.resume;
    return read(replay);
  }

  Core& core_;
  Topic& topic_;
  const std::string id_;
};

asio::awaitable<void> go_on(Core& core, std::shared_ptr<Topic> topic, std::string id) {
  for (;;) {
    Result<bool> more = co_await in_turn(topic, [&](Topic& mine) -> asio::awaitable<Result<bool>> {
      Step step(core, mine, id);
      Result<bool> done = co_await step.run();
      co_return done;
    });
    if (more && *more) continue;
    const auto replay = topic->replays.find(id);
    if (replay != topic->replays.end()) replay->second.running = false;
    if (more || topic->gone()) co_return;
    core.house.log.error("a replay cannot go on, trying again", {{"topic", topic->arn}, {"why", more.error().message}});
    topic->owner.alarms().set(core.house.clock.now() + kTryAgain, [&core, topic, id] { run_replay(core, topic, id); });
    co_return;
  }
}

}  // namespace

Result<int> read_archive_policy(std::string_view text) {
  json::Document document;
  const auto root = document.parse(text);
  if (!root || !root->is_object()) return wrong("ArchivePolicy", "failed to parse JSON.");
  if (root->size() == 0) return 0;
  const auto period = root->find("MessageRetentionPeriod");
  if (!period || root->size() != 1)
    return wrong("ArchivePolicy", "MessageRetentionPeriod must be there, and nothing else");
  const std::string days = period->is_string() ? period->as_string() : std::string(period->raw());
  int value = 0;
  const auto [end, problem] = std::from_chars(days.data(), days.data() + days.size(), value);
  if (problem != std::errc() || end != days.data() + days.size() || value < 1 || value > kMaxDays) {
    return wrong("ArchivePolicy", "MessageRetentionPeriod must be 1 to 365 days");
  }
  return value;
}

Result<ReplayPolicy> read_replay_policy(std::string_view text) {
  json::Document document;
  const auto root = document.parse(text);
  if (!root || !root->is_object()) return wrong("ReplayPolicy", "failed to parse JSON.");
  const auto type = root->find("PointType");
  if (!type || !type->is("Timestamp")) return wrong("ReplayPolicy", "PointType must be Timestamp");
  const auto time = [&](std::string_view name) {
    const auto value = root->find(name);
    return value && value->is_string() ? from_iso8601(value->as_string()) : std::nullopt;
  };
  const auto start = time("StartingPoint");
  const bool has_end = root->find("EndingPoint").has_value();
  const auto end = time("EndingPoint");
  if (!start || (has_end && !end)) return wrong("ReplayPolicy", "StartingPoint and EndingPoint must be timestamps");
  if (end && *end <= *start) return wrong("ReplayPolicy", "EndingPoint must be after StartingPoint");
  if (root->size() != (has_end ? 3U : 2U)) return wrong("ReplayPolicy", "It has members that do not belong there");
  return ReplayPolicy{*start, end};
}

std::uint64_t sequence_at(Time time) {
  return time.time_since_epoch().count() <= 0
             ? 0
             : static_cast<std::uint64_t>(time.time_since_epoch().count()) * kSequencesOfMillisecond;
}

store::Key archive_keys(std::uint64_t topic) {
  return store::Key(kArchiveSpace).number(topic);
}

store::Key archive_key(std::uint64_t topic, std::uint64_t sequence) {
  return archive_keys(topic).number(sequence);
}

store::Key replay_keys(std::uint64_t topic) {
  return store::Key(kReplaySpace).number(topic);
}

store::Key replay_key(std::uint64_t topic, std::string_view subscription) {
  return replay_keys(topic).text(subscription);
}

std::string text_of(Replay::Status status) {
  switch (status) {
    case Replay::Status::kPending:
      return "Pending";
    case Replay::Status::kInProgress:
      return "InProgress";
    case Replay::Status::kCompleted:
      return "Completed";
    case Replay::Status::kFailed:
      break;
  }
  return "Failed";
}

Replay begin_replay(const Topic& topic, const ReplayPolicy& policy) {
  Replay replay;
  replay.next = sequence_at(policy.start);
  replay.end = policy.end ? sequence_at(*policy.end + Duration(1)) : ~std::uint64_t{0};
  replay.resume = topic.last_sequence + 1;
  return replay;
}

void run_replay(Core& core, const std::shared_ptr<Topic>& topic, const std::string& subscription) {
  const auto found = topic->replays.find(subscription);
  if (found == topic->replays.end() || found->second.running || Step::is_over(found->second)) return;
  found->second.running = true;
  topic->owner.spawn("sns.archive-replay", go_on(core, topic, subscription));
}

}  // namespace signalbox::sns
