// What the store keeps of topics and subscriptions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "services/sns/names.h"
#include "store/field_forms.h"
#include "store/key.h"
#include "store/plain_records.h"

namespace signalbox::sns {

using Attributes = std::map<std::string, std::string, std::less<>>;

inline constexpr std::string_view kTopicSpace = "sns.topic";
inline constexpr std::string_view kSubscriptionSpace = "sns.subscription";
inline constexpr std::string_view kEndedSpace = "sns.ended";
inline constexpr std::string_view kDeduplicationSpace = "sns.deduplication";
inline constexpr std::string_view kSequenceSpace = "sns.sequence";
inline constexpr std::string_view kSigningSpace = "sns.signing";

struct TopicRecord {
  static constexpr std::uint8_t kVersion = 2;  // 2: when the archive began
  std::uint64_t number = 0;                    // differs for a topic deleted and made again
  Attributes attributes;                       // as set
  Attributes tags;
  Time created{};
  std::uint64_t deleted_subscriptions = 0;
  Time archived_from{};  // when the archive, if there is one, began

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("number", self.number)("attributes", self.attributes)("tags", self.tags)("created", self.created);
    field("deleted_subscriptions", self.deleted_subscriptions);
    if (field.since(2)) field("archived_from", self.archived_from);
  }
};

struct SubscriptionRecord {
  static constexpr std::uint8_t kVersion = 1;
  std::string protocol;
  std::string endpoint;
  std::string owner;      // account
  Attributes attributes;  // as set
  std::string token;      // that confirms it; kept, so that confirming again does no harm
  bool confirmed = false;
  bool confirmation_was_authenticated = false;
  bool authenticate_on_unsubscribe = false;
  Time created{};

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("protocol", self.protocol)("endpoint", self.endpoint)("owner", self.owner)("attributes", self.attributes);
    field("token", self.token)("confirmed", self.confirmed);
    field("confirmation_was_authenticated", self.confirmation_was_authenticated);
    field("authenticate_on_unsubscribe", self.authenticate_on_unsubscribe)("created", self.created);
  }
};

store::Key topic_key(const TopicId& id);
store::Key subscription_key(const SubscriptionId& id);
/// The start of the keys of a topic's subscriptions.
store::Key subscriptions_key(const TopicId& id);

/// A subscription that has ended and that its endpoint may still have back.
struct EndedSubscription {
  static constexpr std::uint8_t kVersion = 1;
  std::string id;
  SubscriptionRecord record;
  Time ended{};

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("id", self.id)("record", store::nested(self.record))("ended", self.ended);
  }
};
store::Key ended_key(const TopicId& topic, std::string_view token);
store::Key ended_keys(const TopicId& topic);

/// What a FIFO topic knows a message by for five minutes, and what was answered for it.
struct Sent {
  static constexpr std::uint8_t kVersion = 1;
  std::string message_id;
  std::uint64_t sequence = 0;
  Time expires{};

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("message_id", self.message_id)("sequence", self.sequence)("expires", self.expires);
  }
};
store::Key sent_key(std::uint64_t topic, std::string_view id);
store::Key sent_keys(std::uint64_t topic);
/// The last sequence number that a FIFO topic gave.
store::Key sequence_key(std::uint64_t topic);

}  // namespace signalbox::sns
