#include "services/pipes/event_view.h"

#include "base/encoding.h"
#include "json/json.h"

namespace signalbox::pipes {
namespace {

/// Writes `text` as the JSON it holds, or as a string.
void write_opened(json::Writer& writer, const std::string& text) {
  json::Document document;
  const auto held = document.parse(text);
  if (held && (held->is_object() || held->is_array())) {
    writer.raw(held->raw());
  } else {
    writer.string(text);
  }
}

}  // namespace

std::string opened(std::string_view event) {
  json::Document document;
  const auto root = document.parse(event);
  if (!root || !root->is_object()) return std::string(event);
  const auto source = root->find("eventSource");
  const bool queue = source && source->is("aws:sqs");
  const bool stream = source && source->is("aws:kinesis");
  if (!queue && !stream) return std::string(event);
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  for (const auto& [key, value] : root->members()) {
    writer.key(key.as_string());
    if (queue && key.is("body") && value.is_string()) {
      write_opened(writer, value.as_string());
    } else if (stream && key.is("data") && value.is_string()) {
      const auto bytes = from_base64(value.as_string());
      if (bytes && is_utf8(*bytes)) {
        write_opened(writer, *bytes);
      } else {
        writer.raw(value.raw());
      }
    } else {
      writer.raw(value.raw());
    }
  }
  writer.end_object();
  return out;
}

}  // namespace signalbox::pipes
