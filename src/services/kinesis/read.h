// Reading a shard from a place on, whoever asks.
#pragma once

#include <vector>

#include "services/kinesis/core.h"

namespace signalbox::kinesis {

struct ReadRecord {
  std::uint64_t sequence = 0;
  StoredRecord record;
};

struct Reading {
  std::vector<ReadRecord> records;
  std::uint64_t next = 0;  // where to go on
  bool more = false;       // there are records after those read
  bool at_end = false;     // the shard is closed and all its records were read
  std::size_t bytes = 0;
};

struct ReadBounds {
  std::size_t records = 10'000;
  std::size_t bytes = 10 * 1024 * 1024;
};

/// Reads records whose sequences are `position` or higher and that are as durable as the store promises. On the
/// stream's shard. Errors: those of the store.
Result<Reading> read(const Core& core, Stream& stream, const Shard& shard, std::uint64_t position,
                     const ReadBounds& bounds);

/// Whether a sequence can have been given out. What was given out before a start is not known, but that it is not above
/// what the time says, or is that of a record that is there.
Result<bool> was_given_out(const Core& core, const Stream& stream, const SequenceNumber& number);

}  // namespace signalbox::kinesis
