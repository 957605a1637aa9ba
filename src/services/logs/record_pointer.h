// Where a log event is: what a query's @ptr has and GetLogRecord takes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/logs/position_text.h"

namespace signalbox::logs {

struct RecordPointer {
  std::string group;  // its name
  Position at;
};

std::string to_text(const RecordPointer& pointer);
/// Empty for what is none.
std::optional<RecordPointer> read_record_pointer(std::string_view text);

}  // namespace signalbox::logs
