#include "services/sns/sns.h"

#include <algorithm>

#include "models/sns.h"
#include "services/sns/absent.h"
#include "services/sns/access.h"
#include "services/sns/core.h"
#include "services/sns/event_target.h"
#include "services/sns/outside.h"
#include "services/sns/pages.h"
#include "services/sns/platform.h"

namespace signalbox::sns {
namespace {

std::unexpected<Error> broken(const std::string& what) {
  return fail("StoreError", "The record of " + what + " in the store cannot be read.");
}

/// A topic's or subscription's place, as its key says. Empty unless the key has those parts.
std::optional<SubscriptionId> read_key(std::string_view key, bool subscription) {
  store::KeyReader reader(key);
  reader.text();
  SubscriptionId id;
  for (std::string* part : {&id.topic.scope.account, &id.topic.scope.region, &id.topic.name, &id.id}) {
    if (part == &id.id && !subscription) break;
    auto text = reader.text();
    if (!text) return std::nullopt;
    *part = *std::move(text);
  }
  if (!reader.done()) return std::nullopt;
  return id;
}

/// Fills the topics from one snapshot of the store.
class Loading {
 public:
  Loading(Core& core, const store::Snapshot& snapshot) : core_(core), snapshot_(snapshot) {}

  Result<void> run() {
    each(kTopicSpace, false,
         [this](const SubscriptionId& id, std::string_view value) { return topic(id.topic, value); });
    each(kSubscriptionSpace, true,
         [this](const SubscriptionId& id, std::string_view value) { return subscription(id, value); });
    sweep_ended();
    if (done_) done_ = replays();
    return std::move(done_);
  }

 private:
  /// Forgets the ended subscriptions that nobody can have back any more.
  void sweep_ended() {
    store::Batch old;
    const store::Key all(kEndedSpace);
    const Time limit = core_.house.clock.now() - kConfirmationTime;
    static_cast<void>(snapshot_.scan(all, all.end(), [&](std::string_view key, std::string_view value) {
      const auto ended = store::decode<EndedSubscription>(value);
      if (!ended || ended->ended < limit) old.erase(key);
      return true;
    }));
    if (!old.empty()) core_.house.store.commit_later(std::move(old));
  }

  template <class Visit>
  void each(std::string_view space, bool subscriptions, Visit visit) {
    if (!done_) return;
    const store::Key all(space);
    Result<void> scanned = snapshot_.scan(all, all.end(), [&](std::string_view key, std::string_view value) {
      const auto id = read_key(key, subscriptions);
      done_ = id ? visit(*id, value) : Result<void>(broken("a topic or subscription"));
      return done_.has_value();
    });
    if (done_) done_ = std::move(scanned);
  }

  Result<void> topic(const TopicId& id, std::string_view value) {
    auto record = store::decode<TopicRecord>(value);
    auto settings = record ? read_settings(id, record->attributes) : broken(id.arn());
    if (!settings) return broken(id.arn());
    const TopicPtr made = core_.topics.make(id);
    const std::uint64_t number = record->number;
    made->set_state(std::make_shared<const TopicState>(TopicState{*std::move(record), *std::move(settings)}));
    if (!id.fifo()) return {};
    fifo_topics_.push_back(made);
    return fifo(*made, number);
  }

  /// Replays go on where they were once the subscriptions are known.
  Result<void> replays() {
    for (const TopicPtr& topic : fifo_topics_) {
      const store::Key all = replay_keys(topic->state()->record.number);
      bool good = true;
      Result<void> scanned = snapshot_.scan(all, all.end(), [&](std::string_view key, std::string_view value) {
        store::KeyReader reader(key);
        reader.text();
        reader.number();
        auto id = reader.text();
        const auto replay = store::decode<Replay>(value);
        good = id && replay;
        if (good) topic->replays[*std::move(id)] = *replay;
        return good;
      });
      if (!scanned) return scanned;
      if (!good) return broken("a replay of " + topic->arn);
      for (const auto& [id, replay] : topic->replays) run_replay(core_, topic, id);
    }
    return {};
  }

  Result<void> fifo(Topic& topic, std::uint64_t number) {
    const auto sequence = snapshot_.get(sequence_key(number));
    if (!sequence) return std::unexpected(sequence.error());
    if (*sequence) {
      const auto last = store::decode<store::NumberRecord>(**sequence);
      if (!last) return broken("the last sequence number of " + topic.arn);
      topic.last_sequence = last->value;
    }
    const store::Key all = sent_keys(number);
    bool good = true;
    Result<void> scanned = snapshot_.scan(all, all.end(), [&](std::string_view key, std::string_view value) {
      store::KeyReader reader(key);
      reader.text();
      reader.number();
      auto id = reader.text();
      auto sent = store::decode<Sent>(value);
      good = id && sent;
      if (good) {
        topic.expiry.emplace_back(sent->expires, *id);
        topic.sent[*std::move(id)] = *std::move(sent);
      }
      return good;
    });
    if (!scanned) return scanned;
    if (!good) return broken("what was published to " + topic.arn);
    std::ranges::sort(topic.expiry);
    return {};
  }

  Result<void> subscription(const SubscriptionId& id, std::string_view value) {
    const TopicPtr topic = core_.topics.find(id.topic);
    auto record = store::decode<SubscriptionRecord>(value);
    auto made = record ? compile(id, *std::move(record)) : broken(id.arn());
    if (!topic || !made) return broken(id.arn());
    topic->put(*made);
    arm_confirmation(core_, topic, **made);
    return {};
  }

  Core& core_;
  const store::Snapshot& snapshot_;
  Result<void> done_;
  std::vector<TopicPtr> fifo_topics_;
};

}  // namespace

Sns::Sns(const cloud::House& house, const Options& options) : core_(std::make_unique<Core>(house, options)) {
  house.door.add_service(models::sns::kService);
  describe_access(*core_);
  answer_absent(house);
  register_topic_operations(*core_);
  register_permission_operations(*core_);
  register_tag_operations(*core_);
  register_subscription_operations(*core_);
  register_subscription_lists(*core_);
  register_publish(*core_);
  house.event_targets.add("sns", std::make_unique<TopicTarget>(*core_));
  auto outside = std::make_unique<SubscriberTarget>(*core_);
  core_->outside = outside.get();
  house.event_targets.add(kDeliveryKind, std::move(outside));
  register_platform_operations(*core_);
  register_sms_operations(*core_);
  register_pages(*core_);
}

Sns::~Sns() = default;

Result<void> Sns::load() {
  Result<void> key = core_->signer.load();
  if (!key) return key;
  const auto snapshot = core_->house.store.read();
  return Loading(*core_, *snapshot).run();
}

}  // namespace signalbox::sns
