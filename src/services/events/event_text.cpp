#include "services/events/event_text.h"

#include "base/time_text.h"

namespace signalbox::events {
namespace {

using models::events::PutEventsRequestEntry;

/// Callers may not speak for AWS services.
constexpr std::string_view kReservedSource = "aws.";
constexpr std::size_t kTimeBytes = 14;

std::optional<EntryError> check_required(const char* name, const std::optional<std::string>& value) {
  if (value && !value->empty()) return std::nullopt;
  const std::string parameter = name;
  return EntryError{"InvalidArgument",
                    "Parameter " + parameter + " is not valid. Reason: " + parameter + " is a required argument."};
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out.append(name);
  json::append_string(out, value);
}

void append_resources(std::string& out, const std::vector<std::string>& resources) {
  out.append(R"(,"resources":[)");
  bool first = true;
  for (const std::string& resource : resources) {
    if (!first) out.push_back(',');
    first = false;
    json::append_string(out, resource);
  }
  out.append(R"(],"detail":)");
}

}  // namespace

std::optional<EntryError> append_event(std::string& out, const PutEventsRequestEntry& entry, std::string_view id,
                                       const cloud::Scope& scope, Time now, json::Document& document) {
  if (auto error = check_required("Source", entry.source)) return error;
  if (auto error = check_required("DetailType", entry.detail_type)) return error;
  if (auto error = check_required("Detail", entry.detail)) return error;
  if (entry.source->starts_with(kReservedSource)) {
    return EntryError{"NotAuthorizedForSourceException", "Not authorized for the source."};
  }
  const auto detail = document.parse(*entry.detail);
  if (!detail || !detail->is_object()) return EntryError{"MalformedDetail", "Detail is malformed."};

  out.reserve(out.size() + entry.detail->size() + 320);
  append_member(out, R"({"version":"0","id":)", id);
  append_member(out, R"(,"detail-type":)", *entry.detail_type);
  append_member(out, R"(,"source":)", *entry.source);
  append_member(out, R"(,"account":)", scope.account);
  append_member(out, R"(,"time":)", to_iso8601(entry.time.value_or(now)));
  append_member(out, R"(,"region":)", scope.region);
  append_resources(out, entry.resources.value_or(std::vector<std::string>()));
  json::append_minified(out, *detail);
  out.push_back('}');
  return std::nullopt;
}

std::string text_of(const cloud::ServiceEvent& event, std::string_view id, Time now) {
  std::string out;
  append_member(out, R"({"version":"0","id":)", id);
  append_member(out, R"(,"detail-type":)", event.detail_type);
  append_member(out, R"(,"source":)", event.source);
  append_member(out, R"(,"account":)", event.scope.account);
  append_member(out, R"(,"time":)", to_iso8601(event.time == Time{} ? now : event.time));
  append_member(out, R"(,"region":)", event.scope.region);
  append_resources(out, event.resources);
  return out.append(event.detail).append("}");
}

std::size_t entry_size(const PutEventsRequestEntry& entry) {
  std::size_t size = entry.time ? kTimeBytes : 0;
  if (entry.source) size += entry.source->size();
  if (entry.detail_type) size += entry.detail_type->size();
  if (entry.detail) size += entry.detail->size();
  if (entry.resources) {
    for (const std::string& resource : *entry.resources) size += resource.size();
  }
  return size;
}

}  // namespace signalbox::events
