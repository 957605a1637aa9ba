// Putting records into a stream, whoever brings them.
#pragma once

#include <string_view>

#include "services/kinesis/core.h"

namespace signalbox::kinesis {

struct NewRecord {
  std::string_view partition_key;
  std::string_view data;
  HashKey hash;  // of the partition key, or the one given instead
};
/// What counts towards throughput and the size limits, in bytes.
inline std::size_t size_of(const NewRecord& record) {
  return record.data.size() + record.partition_key.size();
}

struct Placed {
  std::uint32_t shard = 0;
  std::uint64_t sequence = 0;
};

/// From before the first record of a batch is placed until the batch is settled nobody reads beyond its mark. Both on
/// the stream's shard.
inline std::uint64_t begin_flight(Stream& stream, Time now) {
  return *stream.in_flight.insert(stream.next_sequence(now)).first;
}
inline void end_flight(Stream& stream, std::uint64_t mark) {
  stream.in_flight.erase(mark);
  stream.wake_watchers();
}

/// Returns when no change of the shards is being committed. On the stream's shard, before placing.
asio::awaitable<void> wait_for_resharding(Core& core, Stream& stream);

/// Whether what the stream lets through in a second is not used up: if so, takes the record's part of it.
bool admit(Core& core, Stream& stream, const NewRecord& record, const Moment& now);
/// Takes it in any case.
void charge(Stream& stream, const NewRecord& record);

/// Adds the record to `batch`. Its throughput is not looked at.
Placed place(Stream& stream, const NewRecord& record, Time now, store::Batch& batch);

/// Errors: InvalidArgumentException for a record above the stream's largest.
Result<void> check_size(const Stream& stream, const NewRecord& record);

}  // namespace signalbox::kinesis
