#include "wire/shape.h"

#include <algorithm>

namespace signalbox::wire {

const Operation* Service::find_operation(std::string_view name) const {
  const auto found = std::ranges::find(operations, name, &Operation::name);
  return found == operations.end() ? nullptr : &*found;
}

const ErrorShape* Service::find_error(std::string_view name) const {
  const auto found = std::ranges::find(errors, name, &ErrorShape::name);
  return found == errors.end() ? nullptr : &*found;
}

}  // namespace signalbox::wire
