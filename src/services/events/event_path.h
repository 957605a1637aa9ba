// The JSON paths of InputPath, InputPathsMap, HTTP parameters and partition keys.
#pragma once

#include <optional>
#include <string_view>

#include "json/path.h"

namespace signalbox::events {

/// Empty optional on what EventBridge refuses: no leading '$', quoted bracket notation, filters, slices.
std::optional<json::Path> parse_event_path(std::string_view text);

}  // namespace signalbox::events
