// Structures to and from JSON, by their shapes: what every JSON protocol has in its bodies.
#pragma once

#include <string>

#include "base/result.h"
#include "json/json.h"
#include "wire/shape.h"

namespace signalbox::wire {

/// Which members of the outermost structure count: all, or those that stand in the body of a REST request.
enum class Members { kAll, kBody };

/// Fills the members of `structure`. Unknown members and nulls are passed over. Errors:
/// SerializationException in AWS's words.
Result<void> read_json(const Shape& shape, json::Value value, void* structure, Members members = Members::kAll);

/// Writes the members that stand in the body, as an object.
void write_json(json::Writer& writer, const Shape& shape, const void* structure);

/// SerializationException.
std::unexpected<Error> malformed(std::string message);

}  // namespace signalbox::wire
