// A pattern as it is matched: alternatives, each a list of fields that must all be met.
#pragma once

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

}  // namespace signalbox::pattern
