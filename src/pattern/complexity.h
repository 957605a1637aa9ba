// How hard a pattern's wildcards are to match.
#pragma once

#include <cstddef>
#include <vector>

#include "pattern/compiled.h"

namespace signalbox::pattern {

/// EventBridge takes no rule whose wildcards can have more beginnings matched at the same place of a text than this. It
/// does not say so; what it takes and refuses agrees with this figure, measured as event-ruler's complexity evaluation
/// describes.
inline constexpr std::size_t kMaxWildcardComplexity = 10;

/// The most beginnings of wildcards that one text could have matched at one place, over every field that is matched;
/// counting ends just above kMaxWildcardComplexity.
std::size_t wildcard_complexity(const std::vector<Alternative>& alternatives);

}  // namespace signalbox::pattern
