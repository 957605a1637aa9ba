// Positions as AWS shows them: event ids and sequence tokens of 56 digits, and the tokens of pages.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/logs/chunk.h"

namespace signalbox::logs {

std::string to_event_id(const Position& at);
/// Empty optional when it is none of ours.
std::optional<Position> from_event_id(std::string_view text);

}  // namespace signalbox::logs
