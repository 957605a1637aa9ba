// What the index knows values by: for each condition that can be hashed, a key that every value which meets it has,
// too.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pattern/condition.h"
#include "pattern/hash.h"
#include "pattern/program.h"

namespace signalbox::pattern {

enum class AttributeKind : std::uint8_t {
  kExact,    // the value itself: string, number in every spelling, true, false, null
  kFolded,   // a string in lower case
  kCidr,     // `param` leading bits of an address; IPv6 from 256 on
  kRange,    // a number's block of 2^param thousandths
  kPrefix,   // the first `param` bytes of a string
  kSuffix,   // the last
  kGram,     // any `param` bytes of a string
  kPresent,  // that there is a value
};

/// Something of the values at one path that can be hashed.
struct Attribute {
  PathId path;
  AttributeKind kind;
  std::uint32_t param;
  bool operator==(const Attribute&) const = default;
};

/// A value's hash under an attribute.
struct AttributeKey {
  AttributeKind kind;
  std::uint32_t param;
  std::uint64_t hash;
};

/// Ways to know the values that meet a condition: each list is complete by itself (a range may need two keys).
/// Strongest kinds first; empty when absence is what is wanted.
std::vector<std::vector<AttributeKey>> keys_of(const Condition& condition, std::uint64_t seed);

/// The hash of a gram: one multiplication, for there are many in a value.
inline std::uint64_t hash_gram(const char* at, std::uint32_t size, std::uint64_t seed) {
  const std::uint64_t word = (size == 8 ? load8(at) : load4(at)) ^ seed;
  return (word ^ word >> 29) * 0x9fb21c651e98df25ULL;
}

/// The hashes of an event's value under an attribute, appended.
void append_hashes(const EventValue& value, AttributeKind kind, std::uint32_t param, std::uint64_t seed,
                   std::vector<std::uint64_t>& hashes);

}  // namespace signalbox::pattern
