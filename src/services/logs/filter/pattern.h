// Filter patterns: what metric filters, subscription filters and FilterLogEvents select log events with ("Filter
// pattern syntax for metric filters, subscription filters, filter log events, and Live Tail" in the CloudWatch Logs
// User Guide). A pure library: no I/O.
//   ERROR -"retry in"                      terms: all of the plain ones, none of those with '-', one of those with '?'
//   { $.status >= 500 && $.path = "/a/*" } JSON: selectors compared with numbers, texts with '*', %regular expressions%
//   [ip, ..., status = 4*, bytes > 1000]   fields between spaces, by their places
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signalbox::logs::filter {

/// Longest pattern, as the API's model has it.
inline constexpr std::size_t kMaxPatternLength = 1024;

/// What a pattern found of an event: "$.user.id" or "$status" and the value's text.
using Extracted = std::map<std::string, std::string, std::less<>>;

/// One of the three kinds of patterns.
class Matcher {
 public:
  virtual ~Matcher() = default;
  virtual bool matches(std::string_view message) const = 0;
  /// The values of what the pattern names, of an event that matches.
  virtual Extracted extract(std::string_view message) const = 0;
  /// The value that "$.user.id" (JSON) or "$status" (fields) names; empty when there is none.
  virtual std::optional<std::string> value(std::string_view message, std::string_view selector) const = 0;
  /// Whether events can be asked for the value of that selector.
  virtual bool can_select(std::string_view selector) const = 0;
};

/// Which characters terms without quotation marks and regular expressions may have: those that AWS takes, or any, as
/// patterns that are stored already may have been put when any were taken.
enum class Characters { kAsAws, kAny };

/// Compiled once, never changed: safe from any thread.
class Pattern {
 public:
  /// Errors: InvalidParameterException that says what is wrong and where (characters from 1).
  static Result<Pattern> compile(std::string_view text, Characters characters = Characters::kAsAws);

  /// Whether it is empty, and so selects every event.
  bool selects_all() const { return matcher_ == nullptr; }
  bool matches(std::string_view message) const { return matcher_ == nullptr || matcher_->matches(message); }
  Extracted extract(std::string_view message) const {
    return matcher_ == nullptr ? Extracted{} : matcher_->extract(message);
  }
  std::optional<std::string> value(std::string_view message, std::string_view selector) const {
    return matcher_ == nullptr ? std::nullopt : matcher_->value(message, selector);
  }
  bool can_select(std::string_view selector) const { return matcher_ != nullptr && matcher_->can_select(selector); }

 private:
  std::shared_ptr<const Matcher> matcher_;
};

}  // namespace signalbox::logs::filter
