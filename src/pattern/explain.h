// Why a pattern matches an event or does not, field by field.
#pragma once

#include <string>
#include <vector>

#include "pattern/pattern.h"

namespace signalbox::pattern {

struct FieldExplanation {
  std::string path;    // names joined by dots
  bool met;            // by itself
  std::string reason;  // "is \"b\", wanted: \"a\" or {\"prefix\":\"x\"}"
};

struct Explanation {
  bool matches;
  /// Of the alternative of the pattern ($or) that matches, else of one that comes closest.
  std::vector<FieldExplanation> fields;
  /// Every field is met, but only by different elements of an array.
  bool only_across_elements = false;
};

/// `event` is a JSON object.
Explanation explain(const Pattern& pattern, json::Value event);

}  // namespace signalbox::pattern
