// Structures to and from CBOR, by their shapes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/shape.h"

namespace signalbox::wire {

/// The two ways of CBOR at AWS: Smithy RPC v2 has timestamps in seconds and containers without a length, JSON 1.1's
/// cousin (application/x-amz-cbor-1.1, which Kinesis takes) has whole milliseconds and containers with one.
enum class CborDialect : std::uint8_t { kRpcV2, kCbor11 };

/// Fills the members of `structure` from a text that is one map. Unknown members and nulls are passed over. Errors:
/// SerializationException.
Result<void> read_cbor(CborDialect dialect, const Shape& shape, std::string_view bytes, void* structure);

void write_cbor(CborDialect dialect, std::string& out, const Shape& shape, const void* structure);

}  // namespace signalbox::wire
