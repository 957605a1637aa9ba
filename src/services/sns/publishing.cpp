#include "services/sns/publishing.h"

#include <algorithm>

#include "base/encoding.h"

namespace signalbox::sns {
namespace {

constexpr std::chrono::minutes kDeduplicationInterval{5};
constexpr std::size_t kSequenceDigits = 20;
constexpr std::size_t kSweep = 4;  // expired deduplication ids that each message clears away
constexpr std::chrono::hours kArchiveSweep{1};

std::string sequence_text(std::uint64_t sequence) {
  const std::string digits = std::to_string(sequence);
  return std::string(kSequenceDigits - std::min(kSequenceDigits, digits.size()), '0') + digits;
}

void measure(Core& core, const Topic& topic, const std::vector<Message>& messages) {
  TopicMeasures& measures = topic.measures(core.house.measures);
  for (const Message& message : messages) {
    measures.published->add(1);
    measures.size->add(static_cast<double>(message.bytes()));
  }
}

/// Publishing to a FIFO topic: on its shard, in turn.
class FifoPublishing {
 public:
  FifoPublishing(Core& core, Topic& topic)
      : core_(core), topic_(topic), state_(topic.state()), now_(core.house.clock.now()) {}

  asio::awaitable<Result<std::vector<Published>>> run(std::vector<Message> messages) {
    std::vector<Published> answers;
    std::vector<Message> fresh;
    for (Message& message : messages) {
      answers.push_back(take(message));
      if (message.sequence != 0) fresh.push_back(std::move(message));
    }
    core_.figures.published.add(fresh.size());
    measure(core_, topic_, fresh);
    archive(fresh);
    core_.figures.duplicates.add(answers.size() - fresh.size());
    if (fresh.empty()) co_return answers;
    batch_.put(sequence_key(state_->record.number), store::encode(store::NumberRecord{topic_.last_sequence}));
    auto settlement = co_await fan_out(core_, topic_, fresh, batch_);
    Result<void> committed;
    if (settlement) {
      committed = co_await core_.house.store.commit(std::move(batch_));
    } else {
      committed = std::unexpected(settlement.error());
    }
    if (!committed) {
      for (const std::string& key : remembered_) topic_.sent.erase(key);
      co_return std::unexpected(std::move(committed).error());
    }
    settlement->settle(true);
    co_return answers;
  }

 private:
  /// The answer for a message. One that was sent before is left without a sequence number.
  Published take(Message& message) {
    if (message.deduplication.empty()) message.deduplication = to_hex(sha256(message.text));
    const std::string key =
        state_->settings.deduplicate_by_group ? message.group + '\0' + message.deduplication : message.deduplication;
    sweep();
    const auto before = topic_.sent.find(key);
    if (before != topic_.sent.end() && before->second.expires > now_) {
      return {before->second.message_id, sequence_text(before->second.sequence)};
    }
    topic_.last_sequence = std::max(topic_.last_sequence + 1, sequence_at(now_));
    message.id = core_.house.random.uuid();
    message.published = now_;
    message.sequence = topic_.last_sequence;
    const Sent sent{message.id, message.sequence, now_ + kDeduplicationInterval};
    batch_.put(sent_key(state_->record.number, key), store::encode(sent));
    topic_.sent[key] = sent;
    topic_.expiry.emplace_back(sent.expires, key);
    remembered_.push_back(key);
    return {message.id, sequence_text(message.sequence)};
  }

  /// Keeps the messages where the topic has an archive; now and then, what is too old goes.
  void archive(const std::vector<Message>& messages) {
    const int days = state_->settings.archive_days;
    if (days == 0) return;
    const std::uint64_t number = state_->record.number;
    for (const Message& message : messages) batch_.put(archive_key(number, message.sequence), store::encode(message));
    if (now_ - topic_.archive_swept < kArchiveSweep) return;
    topic_.archive_swept = now_;
    batch_.erase_range(archive_keys(number), archive_key(number, sequence_at(now_ - std::chrono::days(days))));
  }

  void sweep() {
    for (std::size_t i = 0; i < kSweep && !topic_.expiry.empty() && topic_.expiry.front().first <= now_; ++i) {
      const std::string key = std::move(topic_.expiry.front().second);
      topic_.expiry.pop_front();
      const auto found = topic_.sent.find(key);
      if (found == topic_.sent.end() || found->second.expires > now_) continue;
      batch_.erase(sent_key(state_->record.number, key));
      topic_.sent.erase(found);
    }
  }

  Core& core_;
  Topic& topic_;
  const std::shared_ptr<const TopicState> state_;
  const Time now_;
  store::Batch batch_;
  std::vector<std::string> remembered_;
};

asio::awaitable<Result<std::vector<Published>>> publish_standard(Core& core, const Topic& topic,
                                                                 std::vector<Message> messages) {
  store::Batch batch;
  auto settlement = co_await add_messages(core, topic, messages, batch);
  if (!settlement) co_return std::unexpected(std::move(settlement).error());
  if (!batch.empty()) {
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (!committed) co_return std::unexpected(std::move(committed).error());
  }
  settlement->settle(true);
  std::vector<Published> answers;
  for (const Message& message : messages) answers.push_back({message.id, ""});
  co_return answers;
}

}  // namespace

Result<void> check_for_topic(const TopicId& topic, const TopicSettings& settings, const Message& message) {
  if (!topic.fifo()) {
    if (message.deduplication.empty()) return {};
    return invalid("MessageDeduplicationId",
                   "The request includes MessageDeduplicationId parameter that is not valid for this topic type");
  }
  if (message.group.empty()) {
    return invalid("The MessageGroupId parameter is required for FIFO topics");
  }
  if (message.deduplication.empty() && !settings.content_based_deduplication) {
    return invalid(
        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
        "explicitly");
  }
  return {};
}

asio::awaitable<Result<cloud::Settlement>> add_messages(Core& core, const Topic& topic, std::vector<Message>& messages,
                                                        store::Batch& batch) {
  const Time now = core.house.clock.now();
  for (Message& message : messages) {
    message.id = core.house.random.uuid();
    message.published = now;
  }
  core.figures.published.add(messages.size());
  measure(core, topic, messages);
  Result<cloud::Settlement> settlement = co_await fan_out(core, topic, messages, batch);
  co_return settlement;
}

asio::awaitable<Result<std::vector<Published>>> publish(Core& core, TopicPtr topic, std::vector<Message> messages) {
  if (!topic->id.fifo()) {
    auto done = co_await publish_standard(core, *topic, std::move(messages));
    co_return done;
  }
  auto done = co_await in_turn(topic, [&](Topic& mine) -> asio::awaitable<Result<std::vector<Published>>> {
    FifoPublishing publishing(core, mine);
    auto published = co_await publishing.run(std::move(messages));
    co_return published;
  });
  co_return done;
}

}  // namespace signalbox::sns
