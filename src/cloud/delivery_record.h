// A delivery to a target outside, as the store keeps it until it is done.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "cloud/event_target.h"
#include "store/fields.h"
#include "store/key.h"

namespace signalbox::cloud {

struct Delivery {
  static constexpr std::uint8_t kVersion = 2;  // 2: message group and deduplication ids, phases of retries
  std::string payload;
  std::string trace_header;
  std::string event_id;          // "" where it is no event's
  std::string event;             // for a dead letter; "" where that is the payload, or there is no dead-letter queue
  std::string message_group_id;  // of a dead letter for a FIFO queue
  std::string deduplication_id;
  HttpParameters http;
  DeliveryPolicy policy;
  Time begun{};
  std::int64_t attempts = 0;  // that failed
  std::string last_code;
  std::string last_message;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("payload", self.payload)("trace_header", self.trace_header)("event_id", self.event_id);
    field("event", self.event)("http", self.http);
    field("source_kind", self.policy.source_kind)("source", self.policy.source);
    field("dead_letter_queue", self.policy.dead_letter_queue)("target", self.policy.target);
    field("max_retries", self.policy.max_retries)("max_age", self.policy.max_age);
    field("begun", self.begun)("attempts", self.attempts);
    field("last_code", self.last_code)("last_message", self.last_message);
    if (field.since(2)) {
      field("message_group_id", self.message_group_id)("deduplication_id", self.deduplication_id);
      field("phases", self.policy.phases);
    }
  }
};

/// Where a delivery stands among those to the same target: the store keeps them in the order they are due.
struct DeliveryPlace {
  Time due{};
  std::uint64_t sequence = 0;
  auto operator<=>(const DeliveryPlace&) const = default;
};

inline constexpr std::string_view kDeliverySpace = "delivery";
/// Where records go that cannot be read, as they are.
inline constexpr std::string_view kUnreadableDeliverySpace = "delivery-unreadable";
/// The start of the keys of all deliveries to one target.
store::Key deliveries_key(std::string_view target);
store::Key delivery_key(std::string_view target, const DeliveryPlace& place);
store::Key unreadable_delivery_key(std::string_view target, const DeliveryPlace& place);
struct DeliveryName {
  std::string target;
  DeliveryPlace place;
};
std::optional<DeliveryName> read_delivery_key(std::string_view key);

}  // namespace signalbox::cloud
