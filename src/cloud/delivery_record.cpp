#include "cloud/delivery_record.h"

namespace signalbox::cloud {
store::Key deliveries_key(std::string_view target) {
  return store::Key(kDeliverySpace).text(target);
}

store::Key delivery_key(std::string_view target, const DeliveryPlace& place) {
  return deliveries_key(target)
      .number(static_cast<std::uint64_t>(place.due.time_since_epoch().count()))
      .number(place.sequence);
}

store::Key unreadable_delivery_key(std::string_view target, const DeliveryPlace& place) {
  return store::Key(kUnreadableDeliverySpace)
      .text(target)
      .number(static_cast<std::uint64_t>(place.due.time_since_epoch().count()))
      .number(place.sequence);
}

std::optional<DeliveryName> read_delivery_key(std::string_view key) {
  store::KeyReader reader(key);
  reader.text();
  auto target = reader.text();
  const auto due = reader.number();
  const auto sequence = reader.number();
  if (!target || !due || !sequence || !reader.done()) return std::nullopt;
  return DeliveryName{*std::move(target), {Time(Duration(static_cast<std::int64_t>(*due))), *sequence}};
}

}  // namespace signalbox::cloud
