// Structures to and from CBOR, by their shapes, as Smithy RPC v2 has them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/shape.h"

namespace signalbox::wire {

/// Fills the members of `structure` from a text that is one map. Unknown members and nulls are passed over. Errors:
/// SerializationException.
Result<void> read_cbor(const Shape& shape, std::string_view bytes, void* structure);

void write_cbor(std::string& out, const Shape& shape, const void* structure);

}  // namespace signalbox::wire
