#include "base/log.h"

#include <unistd.h>

#include "base/time_text.h"

namespace signalbox {
namespace {

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' || c == '\x7f') return true;
  }
  return false;
}

// Escapes everything that could end a line or a field: what a client sends cannot forge a log line.
void append_quoted(std::string& out, std::string_view value) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out.append("\\n");
    } else if (byte < ' ' || byte == 0x7f) {
      out.append("\\u00");
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

std::string text_line(std::string_view time, LogLevel level, std::string_view message,
                      std::initializer_list<Log::Field> fields) {
  std::string line(time);
  line.append(" ").append(name_of(level)).append(" ").append(message);
  for (const auto& [name, value] : fields) {
    line.append(" ").append(name).append("=");
    if (needs_quotes(value)) {
      append_quoted(line, value);
    } else {
      line.append(value);
    }
  }
  line.push_back('\n');
  return line;
}

std::string json_line(std::string_view time, LogLevel level, std::string_view message,
                      std::initializer_list<Log::Field> fields) {
  std::string line = "{\"time\":";
  append_quoted(line, time);
  line.append(",\"level\":");
  append_quoted(line, name_of(level));
  line.append(",\"message\":");
  append_quoted(line, message);
  for (const auto& [name, value] : fields) {
    line.push_back(',');
    append_quoted(line, name);
    line.push_back(':');
    append_quoted(line, value);
  }
  line.append("}\n");
  return line;
}

}  // namespace

void FileLog::write(LogLevel level, std::string_view message, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  const std::string time = to_iso8601_millis(SystemClock().now());
  const std::string line =
      format_ == LogFormat::kText ? text_line(time, level, message, fields) : json_line(time, level, message, fields);
  // A log that cannot be written must not stop the server.
  [[maybe_unused]] const auto written = ::write(fd_, line.data(), line.size());
}

}  // namespace signalbox
