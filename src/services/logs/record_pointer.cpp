#include "services/logs/record_pointer.h"

#include "base/encoding.h"

namespace signalbox::logs {

std::string to_text(const RecordPointer& pointer) {
  return to_base64(pointer.group + '\0' + to_event_id(pointer.at));
}

std::optional<RecordPointer> read_record_pointer(std::string_view text) {
  const auto bytes = from_base64(text);
  const auto end = bytes ? bytes->find('\0') : std::string::npos;
  const auto at = end == std::string::npos ? std::nullopt : from_event_id(std::string_view(*bytes).substr(end + 1));
  if (!at) return std::nullopt;
  return RecordPointer{bytes->substr(0, end), *at};
}

}  // namespace signalbox::logs
