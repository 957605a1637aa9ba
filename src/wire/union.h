// Structures of which exactly one member is there.
#pragma once

#include <string>
#include <string_view>

#include "wire/shape.h"

namespace signalbox::wire {

/// Unions are structures whose count of members is bounded by one on both sides.
inline bool is_union(const Shape& shape) {
  return shape.type == ShapeType::kStructure && shape.has_max;
}

/// What SDKs may write into a union beside its member, to tell its type.
inline constexpr std::string_view kTypeMember = "__type";

/// What is wrong with a union that tells so many members, known or not.
inline std::string not_one_member(const Shape& shape) {
  return "Exactly one member of " + std::string(shape.name) + " must be set";
}

}  // namespace signalbox::wire
