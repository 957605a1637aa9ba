#include "services/sns/records.h"

#include "store/record.h"

namespace signalbox::sns {
namespace {

constexpr std::uint8_t kTopicVersion = 2;
constexpr std::uint8_t kArchiveVersion = 2;  // from here on, topics tell when their archive began
constexpr std::uint8_t kSubscriptionVersion = 1;
constexpr std::uint8_t kEndedVersion = 1;
constexpr std::uint8_t kSentVersion = 1;

void write(store::RecordWriter& out, const Attributes& texts) {
  out.number(texts.size());
  for (const auto& [name, value] : texts) out.text(name).text(value);
}

Attributes read_texts(store::RecordReader& in) {
  Attributes texts;
  for (auto left = in.number(); left > 0 && in.ok(); --left) {
    std::string name = in.text();
    texts[std::move(name)] = in.text();
  }
  return texts;
}

std::int64_t millis(Time time) {
  return time.time_since_epoch().count();
}

}  // namespace

std::string encode(const TopicRecord& record) {
  store::RecordWriter out(kTopicVersion);
  out.number(record.number);
  write(out, record.attributes);
  write(out, record.tags);
  out.integer(millis(record.created)).number(record.deleted_subscriptions).integer(millis(record.archived_from));
  return std::move(out).take();
}

std::optional<TopicRecord> decode_topic(std::string_view bytes) {
  store::RecordReader in(bytes, kTopicVersion);
  TopicRecord record;
  record.number = in.number();
  record.attributes = read_texts(in);
  record.tags = read_texts(in);
  record.created = Time(Duration(in.integer()));
  record.deleted_subscriptions = in.number();
  if (in.version() >= kArchiveVersion) record.archived_from = Time(Duration(in.integer()));
  if (!in.complete()) return std::nullopt;
  return record;
}

std::string encode(const SubscriptionRecord& record) {
  store::RecordWriter out(kSubscriptionVersion);
  out.text(record.protocol).text(record.endpoint).text(record.owner);
  write(out, record.attributes);
  out.text(record.token).flag(record.confirmed).flag(record.confirmation_was_authenticated);
  out.flag(record.authenticate_on_unsubscribe).integer(millis(record.created));
  return std::move(out).take();
}

std::optional<SubscriptionRecord> decode_subscription(std::string_view bytes) {
  store::RecordReader in(bytes, kSubscriptionVersion);
  SubscriptionRecord record;
  record.protocol = in.text();
  record.endpoint = in.text();
  record.owner = in.text();
  record.attributes = read_texts(in);
  record.token = in.text();
  record.confirmed = in.flag();
  record.confirmation_was_authenticated = in.flag();
  record.authenticate_on_unsubscribe = in.flag();
  record.created = Time(Duration(in.integer()));
  if (!in.complete()) return std::nullopt;
  return record;
}

store::Key topic_key(const TopicId& id) {
  return store::Key(kTopicSpace).text(id.scope.account).text(id.scope.region).text(id.name);
}

store::Key subscriptions_key(const TopicId& id) {
  return store::Key(kSubscriptionSpace).text(id.scope.account).text(id.scope.region).text(id.name);
}

store::Key subscription_key(const SubscriptionId& id) {
  return subscriptions_key(id.topic).text(id.id);
}

std::string encode(const EndedSubscription& ended) {
  store::RecordWriter out(kEndedVersion);
  out.text(ended.id).text(encode(ended.record)).integer(millis(ended.ended));
  return std::move(out).take();
}

std::optional<EndedSubscription> decode_ended(std::string_view bytes) {
  store::RecordReader in(bytes, kEndedVersion);
  EndedSubscription ended;
  ended.id = in.text();
  auto record = decode_subscription(in.text());
  ended.ended = Time(Duration(in.integer()));
  if (!in.complete() || !record) return std::nullopt;
  ended.record = *std::move(record);
  return ended;
}

store::Key ended_keys(const TopicId& topic) {
  return store::Key(kEndedSpace).text(topic.scope.account).text(topic.scope.region).text(topic.name);
}

store::Key ended_key(const TopicId& topic, std::string_view token) {
  return ended_keys(topic).text(token);
}

std::string encode(const Sent& sent) {
  store::RecordWriter out(kSentVersion);
  out.text(sent.message_id).number(sent.sequence).integer(millis(sent.expires));
  return std::move(out).take();
}

std::optional<Sent> decode_sent(std::string_view bytes) {
  store::RecordReader in(bytes, kSentVersion);
  Sent sent;
  sent.message_id = in.text();
  sent.sequence = in.number();
  sent.expires = Time(Duration(in.integer()));
  if (!in.complete()) return std::nullopt;
  return sent;
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
