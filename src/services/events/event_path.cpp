#include "services/events/event_path.h"

namespace signalbox::events {

std::optional<json::Path> parse_event_path(std::string_view text) {
  static constexpr std::string_view kNoName = ".[]'\"()?@, \t\r\n";
  return json::Path::parse(text, [](char c) { return kNoName.find(c) == std::string_view::npos; });
}

}  // namespace signalbox::events
