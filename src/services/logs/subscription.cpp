#include "services/logs/subscription.h"

#include "base/encoding.h"
#include "base/gzip.h"
#include "json/json.h"
#include "services/logs/position_text.h"

namespace signalbox::logs {
namespace {

/// Messages of one record: a stream's records have a bound, and a call's events may be more.
constexpr std::size_t kMaxRecordBytes = 700 * 1024;

/// Writes one record's text.
class RecordText {
 public:
  RecordText(std::string_view type, const Group& group, std::string_view owner, std::string_view stream,
             std::string_view filter)
      : writer_(text_) {
    writer_.begin_object();
    writer_.member("messageType", type);
    writer_.member("owner", owner);
    writer_.member("logGroup", group.name);
    writer_.member("logStream", stream);
    writer_.key("subscriptionFilters");
    writer_.begin_array();
    writer_.string(filter);
    writer_.end_array();
    writer_.key("logEvents");
    writer_.begin_array();
  }
  void add(const Position& at, std::string_view message, const filter::Extracted& extracted) {
    writer_.begin_object();
    writer_.member("id", to_event_id(at));
    writer_.key("timestamp");
    writer_.number(at.time);
    writer_.member("message", message);
    if (!extracted.empty()) {
      writer_.key("extractedFields");
      writer_.begin_object();
      for (const auto& [name, value] : extracted) writer_.member(std::string_view(name).substr(1), value);
      writer_.end_object();
    }
    writer_.end_object();
    bytes_ += message.size();
  }
  std::size_t bytes() const { return bytes_; }
  std::string finish() {
    writer_.end_array();
    writer_.end_object();
    return gzip(text_);
  }

 private:
  std::string text_;
  json::Writer writer_;
  std::size_t bytes_ = 0;
};

/// Only patterns of fields extract what goes along; "$.a" is a JSON pattern's.
filter::Extracted extracted_fields(const Subscription& subscription, std::string_view message) {
  auto extracted = subscription.pattern.extract(message);
  if (!extracted.empty() && extracted.begin()->first.starts_with("$.")) return {};
  return extracted;
}

/// What a function gets: {"awslogs":{"data":...}}.
std::string function_event(const std::string& zipped) {
  return R"({"awslogs":{"data":")" + to_base64(zipped) + "\"}}";
}

cloud::EventDelivery delivery_of(Core& core, const Group& group, const Subscription& subscription,
                                 const std::string& stream, std::string payload) {
  cloud::EventDelivery delivery;
  const auto destination = cloud::Arn::parse(subscription.record.destination);
  if (destination && destination->service == "lambda") {
    delivery.payload = function_event(payload);
    delivery.sender = "logs.amazonaws.com";
    delivery.source_arn = source_of(group);
    return delivery;
  }
  delivery.payload = std::move(payload);
  delivery.source_arn = cloud::make_arn("logs", group.record()->scope, "log-group:" + group.name);
  // The same for a log stream, or another each time.
  delivery.partition_key = subscription.record.random ? core.house.random.uuid() : to_hex(md5(stream));
  return delivery;
}

}  // namespace

std::vector<cloud::EventDelivery> deliveries_of(Core& core, const Group& group, const std::string& stream,
                                                const Subscription& subscription, std::span<const NewEvent> events,
                                                std::uint64_t first) {
  std::vector<cloud::EventDelivery> deliveries;
  std::optional<RecordText> record;
  const auto finish = [&] {
    deliveries.push_back(delivery_of(core, group, subscription, stream, record->finish()));
    record.reset();
  };
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!subscription.pattern.matches(events[i].message)) continue;
    if (record && record->bytes() + events[i].message.size() > kMaxRecordBytes) finish();
    if (!record) {
      record.emplace("DATA_MESSAGE", group, group.record()->scope.account, stream, subscription.record.name);
    }
    record->add({events[i].time, first + i}, events[i].message, extracted_fields(subscription, events[i].message));
  }
  if (record) finish();
  return deliveries;
}

std::string source_of(const Group& group) {
  return cloud::make_arn("logs", group.record()->scope, "log-group:" + group.name + ":*");
}

cloud::EventDelivery control_message(Core& core, const Group& group, const Subscription& subscription) {
  RecordText record("CONTROL_MESSAGE", group, "CloudwatchLogs", "", subscription.record.name);
  record.add({millis_of(core.house.clock.now()), 0},
             "CWL CONTROL MESSAGE: Checking health of destination " + subscription.record.destination + ".", {});
  return delivery_of(core, group, subscription, "", record.finish());
}

}  // namespace signalbox::logs
