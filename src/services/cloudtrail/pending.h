// Records that wait for the next delivery of a trail.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "services/cloudtrail/record.h"
#include "services/cloudtrail/trail.h"
#include "store/key.h"
#include "store/store.h"

namespace signalbox::cloudtrail {

/// The records of one Region for one trail.
struct Lane {
  std::string trail;  // ARN
  std::string region;
  auto operator<=>(const Lane&) const = default;
};

/// Records that may wait in one lane. More are not kept for the trail (they are in the history all the same).
inline constexpr std::size_t kMaxPending = 500'000;

/// Any thread.
class Pending {
 public:
  /// Finds what waits in the store. Errors: those of the store.
  Result<void> load(const store::Snapshot& snapshot);

  /// Adds the record to `batch` for each of the trails; `sequence` keeps records of one millisecond in order. Give what
  /// is returned to settled() when the batch was committed or failed.
  std::vector<Lane> add(const std::vector<TrailPtr>& trails, const Record& record, std::uint64_t sequence,
                        store::Batch& batch);
  void settled(const std::vector<Lane>& lanes, bool committed);

  /// The lanes in which something waits.
  std::vector<Lane> lanes() const;

  struct Waiting {
    std::string key;
    Time time{};
    std::string text;
  };
  /// The oldest in a lane: so many, and about so many bytes, at the most.
  static Result<std::vector<Waiting>> read(const store::Snapshot& snapshot, const Lane& lane, std::size_t most,
                                           std::size_t most_bytes);
  /// Adds their erasure to `batch`; tell erased() when it is committed.
  static void erase(const std::vector<Waiting>& waiting, store::Batch& batch);
  void erased(const Lane& lane, std::size_t count);
  /// Forgets a trail: adds the erasure of all that waits for it.
  void forget(const std::string& trail, store::Batch& batch);

 private:
  mutable std::mutex mutex_;
  std::map<Lane, std::size_t> counts_;
};

}  // namespace signalbox::cloudtrail
