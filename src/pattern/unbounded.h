// Patterns that EventBridge's bounds are not for.
#pragma once

#include <string_view>

#include "pattern/pattern.h"

namespace signalbox::pattern {

/// As Pattern::compile, for a pattern that was taken before or that is not EventBridge's own: without EventBridge's
/// bounds of numbers and of wildcards' complexity.
Result<Pattern> compile_unbounded(std::string_view text);

}  // namespace signalbox::pattern
