#include "services/sns/records.h"

namespace signalbox::sns {
store::Key topic_key(const TopicId& id) {
  return store::Key(kTopicSpace).text(id.scope.account).text(id.scope.region).text(id.name);
}

store::Key subscriptions_key(const TopicId& id) {
  return store::Key(kSubscriptionSpace).text(id.scope.account).text(id.scope.region).text(id.name);
}

store::Key subscription_key(const SubscriptionId& id) {
  return subscriptions_key(id.topic).text(id.id);
}

store::Key ended_keys(const TopicId& topic) {
  return store::Key(kEndedSpace).text(topic.scope.account).text(topic.scope.region).text(topic.name);
}

store::Key ended_key(const TopicId& topic, std::string_view token) {
  return ended_keys(topic).text(token);
}

store::Key sent_keys(std::uint64_t topic) {
  return store::Key(kDeduplicationSpace).number(topic);
}

store::Key sent_key(std::uint64_t topic, std::string_view id) {
  return sent_keys(topic).text(id);
}

store::Key sequence_key(std::uint64_t topic) {
  return store::Key(kSequenceSpace).number(topic);
}

}  // namespace signalbox::sns
