#include "services/cloudtrail/pending.h"

#include <algorithm>

#include "services/cloudtrail/times.h"
#include "store/spaces.h"

namespace signalbox::cloudtrail {
namespace {

store::Key lane_key(const Lane& lane) {
  return store::Key(kPendingSpace).text(lane.trail).text(lane.region);
}

}  // namespace

Result<void> Pending::load(const store::Snapshot& snapshot) {
  return store::each_record(snapshot, store::Key(kPendingSpace),
                            [&](std::string_view key, std::string_view) -> Result<void> {
                              store::KeyReader reader(key);
                              reader.text();
                              auto trail = reader.text();
                              auto region = reader.text();
                              if (!trail || !region) return fail("StoreError", "A waiting record cannot be read.");
                              ++counts_[{*std::move(trail), *std::move(region)}];
                              return {};
                            });
}

std::vector<Lane> Pending::add(const std::vector<TrailPtr>& trails, const Record& record, std::uint64_t sequence,
                               store::Batch& batch) {
  std::vector<Lane> added;
  for (const TrailPtr& trail : trails) {
    Lane lane{trail->arn(), record.call.scope.region};
    {
      const std::lock_guard lock(mutex_);
      std::size_t& count = counts_[lane];
      if (count >= kMaxPending) continue;
      ++count;
    }
    batch.put(lane_key(lane).number(static_cast<std::uint64_t>(ticks(record.time))).number(sequence).text(record.id),
              record.text);
    added.push_back(std::move(lane));
  }
  return added;
}

void Pending::settled(const std::vector<Lane>& lanes, bool committed) {
  if (committed) return;
  for (const Lane& lane : lanes) erased(lane, 1);
}

std::vector<Lane> Pending::lanes() const {
  const std::lock_guard lock(mutex_);
  std::vector<Lane> found;
  for (const auto& [lane, count] : counts_) {
    if (count > 0) found.push_back(lane);
  }
  return found;
}

Result<std::vector<Pending::Waiting>> Pending::read(const store::Snapshot& snapshot, const Lane& lane, std::size_t most,
                                                    std::size_t most_bytes) {
  std::vector<Waiting> waiting;
  std::size_t bytes = 0;
  const store::Key all = lane_key(lane);
  Result<void> scanned = snapshot.scan(all.bytes(), all.end(), [&](std::string_view key, std::string_view value) {
    store::KeyReader reader(key);
    for (int i = 0; i < 3; ++i) reader.text();
    const auto time = reader.number().value_or(0);
    waiting.push_back({std::string(key), time_of(static_cast<std::int64_t>(time)), std::string(value)});
    bytes += value.size();
    return waiting.size() < most && bytes < most_bytes;
  });
  if (!scanned) return std::unexpected(std::move(scanned).error());
  return waiting;
}

void Pending::erase(const std::vector<Waiting>& waiting, store::Batch& batch) {
  for (const Waiting& one : waiting) batch.erase(one.key);
}

void Pending::erased(const Lane& lane, std::size_t count) {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(lane);
  if (found == counts_.end()) return;
  found->second -= std::min(found->second, count);
  if (found->second == 0) counts_.erase(found);
}

void Pending::forget(const std::string& trail, store::Batch& batch) {
  const store::Key all = store::Key(kPendingSpace).text(trail);
  batch.erase_range(all.bytes(), all.end());
  const std::lock_guard lock(mutex_);
  std::erase_if(counts_, [&](const auto& one) { return one.first.trail == trail; });
}

}  // namespace signalbox::cloudtrail
