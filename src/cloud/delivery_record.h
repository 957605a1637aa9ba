// A delivery to a target outside, as the store keeps it until it is done.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "cloud/event_target.h"
#include "store/key.h"

namespace signalbox::cloud {

struct Delivery {
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
};

std::string encode(const Delivery& delivery);
/// Empty optional on bytes that are not such a record.
std::optional<Delivery> decode_delivery(std::string_view bytes);

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
