// What services do with whole spaces of keys when they load.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string_view>

#include "base/result.h"
#include "store/key.h"
#include "store/store.h"

namespace signalbox::store {

/// Visits every record under `all` until one visit fails. Errors: that of the visit, or of the disk.
Result<void> each_record(const Snapshot& snapshot, const Key& all,
                         const std::function<Result<void>(std::string_view key, std::string_view value)>& visit);

/// Adds to `batch` the erasure of all keys (space, number, ...) whose number is not among `known`: what is left of
/// owners that are gone. Costs a read an owner, however many records each has.
Result<void> erase_orphans(const Snapshot& snapshot, std::string_view space, const std::set<std::uint64_t>& known,
                           Batch& batch);

}  // namespace signalbox::store
