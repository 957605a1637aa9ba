// Sequence numbers and shard iterators: the texts by which clients know places in a stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace signalbox::kinesis {

/// Milliseconds since 1970, times this, is the least sequence that a record of that millisecond has. So a time is a
/// place, too: no index by time is needed.
inline constexpr std::uint64_t kSequencesPerMillisecond = 1'000'000;

/// The first sequence that a record put at `time` could have; what is beyond all sequences (after the year 2554) counts
/// as the last moment that has some.
std::uint64_t first_sequence_at(Time time);

/// A sequence as clients see it: 56 digits, as on AWS. They rise within a stream, over all its shards.
struct SequenceNumber {
  std::uint64_t sequence = 0;
  std::uint32_t shard = 0;
  std::uint64_t stream = 0;  // its id

  std::string text() const;
  /// Empty optional on what is no text of ours.
  static std::optional<SequenceNumber> parse(std::string_view text);
};

/// A place in a shard, given out at a time.
struct ShardIterator {
  std::uint64_t stream = 0;
  std::uint32_t shard = 0;
  std::uint64_t position = 0;  // the least sequence to be read
  Time created{};

  std::string text() const;
  static std::optional<ShardIterator> parse(std::string_view text);
};

/// "shardId-000000000003"
std::string shard_name(std::uint32_t index);
std::optional<std::uint32_t> parse_shard_name(std::string_view name);

}  // namespace signalbox::kinesis
