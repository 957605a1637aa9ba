// Tags that only AWS sets.
#pragma once

#include <string_view>

#include "policy/glob.h"

namespace signalbox::cloud {

/// Whether the key begins with "aws:", in any case: such tags are not for callers ("Tag naming limits and
/// requirements" of Tagging AWS Resources).
inline bool is_reserved_tag(std::string_view key) {
  constexpr std::string_view kPrefix = "aws:";
  return policy::equal_folded(key.substr(0, kPrefix.size()), kPrefix);
}

inline constexpr const char* kReservedTagText = "aws: prefixed tag key names are not allowed for external use.";

}  // namespace signalbox::cloud
