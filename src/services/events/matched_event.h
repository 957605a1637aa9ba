// One event that a rule matched, as what makes a target's input sees it.
#pragma once

#include <optional>
#include <string_view>

#include "json/json.h"

namespace signalbox::events {

/// Borrowed: valid while the event's text and document are.
struct MatchedEvent {
  std::string_view text;
  std::optional<json::Value> root;  // there when an input of the matched rules' targets reads the event
  std::string_view ingestion_time;
  std::string_view rule_arn;
  std::string_view rule_name;
};

}  // namespace signalbox::events
