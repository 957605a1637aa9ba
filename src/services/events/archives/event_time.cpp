#include "services/events/archives/event_time.h"

#include "base/time_text.h"
#include "json/json.h"

namespace signalbox::events {
namespace {

constexpr std::string_view kTime = "time";

/// Takes a string without its quotes from the front of `rest`; empty when none stands there.
std::optional<std::string_view> take_string(std::string_view& rest) {
  if (!rest.starts_with('"')) return std::nullopt;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == '\\') {
      ++at;
    } else if (rest[at] == '"') {
      const std::string_view text = rest.substr(1, at - 1);
      rest.remove_prefix(at + 1);
      return text;
    }
  }
  return std::nullopt;
}

std::optional<Time> read_whole(std::string_view event) {
  json::Document document;
  const auto root = document.parse(event);
  if (!root || !root->is_object()) return std::nullopt;
  const auto time = root->find(kTime);
  if (!time || !time->is_string()) return std::nullopt;
  return from_iso8601(time->as_string());
}

}  // namespace

std::optional<Time> event_time(std::string_view event) {
  std::string_view rest = event;
  while (rest.starts_with('{') || rest.starts_with(',')) {
    rest.remove_prefix(1);
    const auto name = take_string(rest);
    if (!name || !rest.starts_with(':')) break;
    rest.remove_prefix(1);
    const auto value = take_string(rest);
    if (!value) break;
    if (*name == kTime) return from_iso8601(*value);
  }
  return read_whole(event);
}

}  // namespace signalbox::events
