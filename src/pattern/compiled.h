// A pattern as it is matched: alternatives, each a list of fields that must all be met.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pattern/condition.h"
#include "pattern/pattern.h"

namespace signalbox::pattern {

struct Field {
  /// Names from the event's root, joined by dots: a name that holds a dot is one with nested names, as in EventBridge.
  std::string path;
  std::vector<Condition> any_of;
};

using Alternative = std::vector<Field>;

struct Pattern::Compiled {
  std::vector<Alternative> alternatives;
};

/// Valid while the pattern, or a copy of it, lives.
const std::vector<Alternative>& alternatives_of(const Pattern& pattern);

// The plain matcher's parts (match.cpp).

/// Calls `found` for every scalar of the event at a path.
void each_value(json::Value event, const std::string& path, const std::function<void(json::Value)>& found);
/// Whether the event meets one field.
bool meets_alone(const Field& field, json::Value event);
/// Whether it meets all of them, without mixing elements of an array.
bool meets_together(const Alternative& fields, json::Value event);

}  // namespace signalbox::pattern
