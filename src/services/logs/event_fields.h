// The fields that a log event's message has when it is JSON.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace signalbox::logs {

/// AWS's bound of the fields that are found in one event.
inline constexpr std::size_t kMaxFields = 1000;

/// "a.b.0" to the value's text, for every value that is no object or array; nothing of other messages.
std::map<std::string, std::string> fields_in(std::string_view message);

}  // namespace signalbox::logs
