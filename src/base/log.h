// Structured log lines: one line an event, "time level message key=value ...", to standard error.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace signalbox {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

class Log {
 public:
  using Field = std::pair<std::string_view, std::string>;
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view message, std::initializer_list<Field> fields = {}) = 0;
  virtual bool enabled(LogLevel level) const = 0;

  void debug(std::string_view m, std::initializer_list<Field> f = {}) {
    if (enabled(LogLevel::kDebug)) write(LogLevel::kDebug, m, f);
  }
  void info(std::string_view m, std::initializer_list<Field> f = {}) {
    if (enabled(LogLevel::kInfo)) write(LogLevel::kInfo, m, f);
  }
  void warning(std::string_view m, std::initializer_list<Field> f = {}) { write(LogLevel::kWarning, m, f); }
  void error(std::string_view m, std::initializer_list<Field> f = {}) { write(LogLevel::kError, m, f); }
};

enum class LogFormat { kText, kJson };

/// Writes whole lines to a file descriptor with one write(2) each, so that lines of several threads never mix.
class FileLog final : public Log {
 public:
  FileLog(int fd, LogLevel least, LogFormat format) : fd_(fd), least_(least), format_(format) {}
  void write(LogLevel level, std::string_view message, std::initializer_list<Field> fields) override;
  bool enabled(LogLevel level) const override { return level >= least_; }

 private:
  int fd_;
  LogLevel least_;
  LogFormat format_;
};

/// Says nothing: for tests and tools.
class QuietLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::initializer_list<Field>) override {}
  bool enabled(LogLevel) const override { return false; }
};

}  // namespace signalbox
