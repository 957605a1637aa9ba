#include "store/spaces.h"

#include <optional>
#include <string>

namespace signalbox::store {
namespace {

/// The number of the first key (space, number, ...) in [from, end); empty when there is none.
Result<std::optional<std::uint64_t>> first_owner(const Snapshot& snapshot, std::string_view from,
                                                 std::string_view end) {
  std::optional<std::uint64_t> owner;
  Result<void> scanned = snapshot.scan(from, end, [&owner](std::string_view key, std::string_view) {
    KeyReader parts(key);
    parts.text();
    owner = parts.number();
    return false;
  });
  if (!scanned) return std::unexpected(std::move(scanned).error());
  return owner;
}

}  // namespace

Result<void> each_record(const Snapshot& snapshot, const Key& all,
                         const std::function<Result<void>(std::string_view key, std::string_view value)>& visit) {
  Result<void> done;
  Result<void> scanned = snapshot.scan(all, all.end(), [&](std::string_view key, std::string_view value) {
    done = visit(key, value);
    return done.has_value();
  });
  return done ? scanned : done;
}

Result<void> erase_orphans(const Snapshot& snapshot, std::string_view space, const std::set<std::uint64_t>& known,
                           Batch& batch) {
  const std::string end = Key(space).end();
  for (std::string from = Key(space).bytes();;) {
    auto owner = first_owner(snapshot, from, end);
    if (!owner) return std::unexpected(std::move(owner).error());
    if (!*owner) return {};
    const Key all = Key(space).number(**owner);
    if (!known.contains(**owner)) batch.erase_range(all, all.end());
    from = all.end();
  }
}

}  // namespace signalbox::store
