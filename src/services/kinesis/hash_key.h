// Hash keys: the 128-bit numbers that say which shard a partition key belongs to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace signalbox::kinesis {

__extension__ typedef unsigned __int128 HashKey;

inline constexpr HashKey kLastHashKey = ~HashKey{0};

/// The MD5 of the partition key, read as a number ("Kinesis Data Streams Terminology and concepts").
HashKey hash_of(std::string_view partition_key);

/// In decimal, as the API has it.
std::string hash_text(HashKey key);
/// Empty optional when it is no decimal number below 2^128.
std::optional<HashKey> parse_hash(std::string_view text);

}  // namespace signalbox::kinesis
