#include "services/lambda/mapping_batch.h"

#include <algorithm>

#include "base/encoding.h"
#include "cloud/item_failures.h"
#include "json/json.h"

namespace signalbox::lambda {
namespace {

/// Writes `text` as the JSON it holds, or as a string.
void write_opened(json::Writer& writer, const std::string& text) {
  json::Document document;
  const auto held = document.parse(text);
  if (held && (held->is_object() || held->is_array())) return writer.raw(held->raw());
  writer.string(text);
}

/// The event as filters see it.
std::string opened(const cloud::SourceEvent& event, bool from_stream) {
  json::Document document;
  const auto root = document.parse(event.json);
  if (!root || !root->is_object()) return event.json;
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  for (const auto& [key, value] : root->members()) {
    writer.key(key.as_string());
    const bool text = value.is_string();
    const auto bytes = from_stream && text && key.is("data") ? from_base64(value.as_string()) : std::nullopt;
    if (!from_stream && text && key.is("body")) {
      write_opened(writer, value.as_string());
    } else if (bytes && is_utf8(*bytes)) {
      write_opened(writer, *bytes);
    } else {
      writer.raw(value.raw());
    }
  }
  writer.end_object();
  return out;
}

/// A record as functions get it: what is the record's own stands apart from what is of the event.
void write_record(json::Writer& writer, json::Value record, const std::string& role) {
  constexpr std::string_view kOfRecord[] = {"kinesisSchemaVersion", "partitionKey", "sequenceNumber", "data",
                                            "approximateArrivalTimestamp"};
  const auto of_record = [&](json::Value key) {
    return std::ranges::any_of(kOfRecord, [&](std::string_view one) { return key.is(one); });
  };
  writer.begin_object();
  writer.key("kinesis");
  writer.begin_object();
  for (const auto& [key, value] : record.members()) {
    if (!of_record(key)) continue;
    writer.key(key.as_string());
    writer.raw(value.raw());
  }
  writer.end_object();
  for (const auto& [key, value] : record.members()) {
    if (of_record(key) || key.is("invokeIdentityArn")) continue;
    writer.key(key.as_string());
    writer.raw(value.raw());
  }
  writer.member("invokeIdentityArn", role);
  writer.end_object();
}

}  // namespace

bool passes(const MappingConfig& config, const cloud::SourceEvent& event) {
  if (config.filters.empty()) return true;
  const std::string text = opened(event, config.from_stream);
  json::Document document;
  const auto view = document.parse(text);
  return view && std::ranges::any_of(config.filters, [&](const pattern::Pattern& one) { return one.matches(*view); });
}

std::string records_of(const MappingConfig& config, const std::string& role, std::span<const cloud::SourceEvent> events,
                       std::span<const std::size_t> places) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("Records");
  writer.begin_array();
  for (const std::size_t place : places) {
    if (!config.from_stream) {
      writer.raw(events[place].json);
      continue;
    }
    json::Document document;
    const auto record = document.parse(events[place].json);
    if (record && record->is_object()) write_record(writer, *record, role);
  }
  writer.end_array();
  writer.end_object();
  return out;
}

std::optional<std::set<std::size_t>> failed_events(const MappingConfig& config, const std::string& answer,
                                                   std::span<const cloud::SourceEvent> events,
                                                   std::span<const std::size_t> wanted) {
  std::vector<std::string> names;
  for (const std::size_t place : wanted) names.push_back(cloud::item_name(events[place], config.from_stream));
  const auto failed = cloud::failed_items(answer, names);
  if (!failed) return std::nullopt;
  std::set<std::size_t> places;
  for (const std::size_t one : *failed) places.insert(wanted[one]);
  return places;
}

}  // namespace signalbox::lambda
