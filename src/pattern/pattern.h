// Event patterns: the language in which rules say which events they want ("Creating Amazon EventBridge event patterns"
// and "Comparison operators for use in event patterns" in the EventBridge user guide).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace signalbox::pattern {

/// Longest pattern that is compiled, in bytes. EventBridge's own default quota is smaller and the caller's to check.
inline constexpr std::size_t kMaxPatternBytes = 256 * 1024;
/// Most alternatives that nested $or may multiply to (EventBridge's limit).
inline constexpr std::size_t kMaxAlternatives = 1000;

struct Field;

/// A compiled pattern: immutable, cheap to copy, safe to use from any thread.
class Pattern {
 public:
  /// Errors: InvalidEventPatternException, "Event pattern is not valid. Reason: ..." with the place in the text.
  static Result<Pattern> compile(std::string_view text);

  /// True when `event`, a JSON object, matches.
  bool matches(json::Value event) const;

 private:
  struct Compiled;
  explicit Pattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
  friend class Compiler;
  friend const std::vector<std::vector<Field>>& alternatives_of(const Pattern& pattern);
};

}  // namespace signalbox::pattern
