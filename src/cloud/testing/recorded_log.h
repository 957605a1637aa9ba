// For unit tests: a log that remembers its lines.
#pragma once

#include <mutex>
#include <string>

#include "base/log.h"

namespace signalbox::cloud {

class RecordedLog final : public Log {
 public:
  void write(LogLevel, std::string_view message, std::initializer_list<Field> fields) override {
    const std::lock_guard lock(mutex_);
    text_.append(message);
    for (const auto& [name, value] : fields) text_.append(" ").append(name).append("=").append(value);
    text_.append("\n");
  }
  bool enabled(LogLevel) const override { return true; }
  bool has(std::string_view text) const {
    const std::lock_guard lock(mutex_);
    return text_.find(text) != std::string::npos;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

}  // namespace signalbox::cloud
