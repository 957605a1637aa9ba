#include "cloud/delivery_record.h"

#include "store/record.h"

namespace signalbox::cloud {
namespace {

constexpr std::uint8_t kDeliveryVersion = 2;
/// From this version on, records have message group and deduplication ids and the phases of retries.
constexpr std::uint8_t kPhasesVersion = 2;

using Texts = std::map<std::string, std::string, std::less<>>;

void write(store::RecordWriter& out, const Texts& texts) {
  out.number(texts.size());
  for (const auto& [key, value] : texts) out.text(key).text(value);
}

Texts read_texts(store::RecordReader& in) {
  Texts texts;
  for (auto left = in.number(); left > 0 && in.ok(); --left) {
    std::string key = in.text();
    texts[std::move(key)] = in.text();
  }
  return texts;
}

void write(store::RecordWriter& out, const RetryPhases& phases) {
  out.integer(phases.immediate).integer(phases.at_least).integer(phases.growing).integer(phases.at_most);
  out.integer(phases.least.count()).integer(phases.most.count()).number(static_cast<std::uint64_t>(phases.growth));
}

RetryPhases read_phases(store::RecordReader& in) {
  RetryPhases phases;
  phases.immediate = in.integer();
  phases.at_least = in.integer();
  phases.growing = in.integer();
  phases.at_most = in.integer();
  phases.least = Duration(in.integer());
  phases.most = Duration(in.integer());
  phases.growth = static_cast<RetryPhases::Growth>(in.number() & 3U);
  return phases;
}

}  // namespace

std::string encode(const Delivery& delivery) {
  store::RecordWriter out(kDeliveryVersion);
  out.text(delivery.payload).text(delivery.trace_header).text(delivery.event_id).text(delivery.event);
  out.number(delivery.http.path_values.size());
  for (const std::string& value : delivery.http.path_values) out.text(value);
  write(out, delivery.http.headers);
  write(out, delivery.http.query);
  const DeliveryPolicy& policy = delivery.policy;
  out.text(policy.source_kind).text(policy.source).text(policy.dead_letter_queue).text(policy.target);
  out.integer(policy.max_retries).integer(policy.max_age.count());
  out.integer(delivery.begun.time_since_epoch().count()).integer(delivery.attempts);
  out.text(delivery.last_code).text(delivery.last_message);
  out.text(delivery.message_group_id).text(delivery.deduplication_id);
  write(out, policy.phases);
  return std::move(out).take();
}

std::optional<Delivery> decode_delivery(std::string_view bytes) {
  store::RecordReader in(bytes, kDeliveryVersion);
  Delivery delivery;
  delivery.payload = in.text();
  delivery.trace_header = in.text();
  delivery.event_id = in.text();
  delivery.event = in.text();
  for (auto left = in.number(); left > 0 && in.ok(); --left) delivery.http.path_values.push_back(in.text());
  delivery.http.headers = read_texts(in);
  delivery.http.query = read_texts(in);
  delivery.policy.source_kind = in.text();
  delivery.policy.source = in.text();
  delivery.policy.dead_letter_queue = in.text();
  delivery.policy.target = in.text();
  delivery.policy.max_retries = in.integer();
  delivery.policy.max_age = Duration(in.integer());
  delivery.begun = Time(Duration(in.integer()));
  delivery.attempts = in.integer();
  delivery.last_code = in.text();
  delivery.last_message = in.text();
  if (in.version() >= kPhasesVersion) {
    delivery.message_group_id = in.text();
    delivery.deduplication_id = in.text();
    delivery.policy.phases = read_phases(in);
  }
  if (!in.complete()) return std::nullopt;
  return delivery;
}

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
