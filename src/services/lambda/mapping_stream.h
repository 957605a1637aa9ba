// What is done with records of a shard, whether batches follow each other or run beside each other.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "services/lambda/mappings.h"

namespace signalbox::lambda {

/// Why records were given up.
inline constexpr std::string_view kTooOften = "RetryAttemptsExhausted";
inline constexpr std::string_view kTooOld = "RecordAgeExceeded";

/// What came of one batch.
struct Outcome {
  std::size_t through = 0;  // events from the first on
  bool good = false;        // all of them
  std::string why;
  std::string request_id;
  std::string version;
};

/// Has the function run for those that the filters let through.
asio::awaitable<Outcome> run_batch(Core& core, MappingLanePtr lane, std::vector<cloud::SourceEvent> events);

/// Adds word of records that are given up to `batch`, for the destination for failures, where there is one. `count` is
/// how often the function was invoked for them.
asio::awaitable<cloud::AfterCommit> tell_of_failure(Core& core, MappingPtr mapping, MappingLanePtr lane,
                                                    std::vector<cloud::SourceEvent> events, std::string condition,
                                                    Outcome outcome, std::int64_t count, store::Batch& batch);

/// Goes past records, with what `batch` holds. False where the store refuses: then it is to be tried again.
asio::awaitable<bool> advance(Core& core, MappingPtr mapping, MappingLanePtr lane, std::uint64_t place,
                              store::Batch batch);

/// A turn of a shard whose batches run beside each other (ParallelizationFactor): `lane->parts` are worked off, then
/// the lane goes past them all.
asio::awaitable<bool> parts_turn(Core& core, MappingPtr mapping, MappingLanePtr lane);
/// Makes parts of records: those of one partition key stay in order, in one part.
void make_parts(MappingLane& lane, std::vector<cloud::SourceEvent> events, std::uint64_t next);

}  // namespace signalbox::lambda
