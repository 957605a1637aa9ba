#include "services/cloudtrail/history.h"

#include <algorithm>
#include <limits>

#include "services/cloudtrail/times.h"
#include "store/key.h"

namespace signalbox::cloudtrail {
namespace {

constexpr std::uint8_t kRecordVersion = 1;
constexpr std::string_view kHistorySpace = "cloudtrail.event";

/// Sorts the newest first.
std::uint64_t newest_first(Time time) {
  return std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(ticks(time));
}

store::Key scope_key(const cloud::Scope& scope) {
  return store::Key(kHistorySpace).text(scope.account).text(scope.region);
}

}  // namespace

HistoryEntry entry_of(const Record& record) {
  return {record.id,          std::string(record.call.kind.event_name),
          record.call.source, record.call.kind.read_only,
          record.call.user,   record.call.access_key,
          record.time,        record.call.resources,
          record.text};
}

bool matches(const HistoryEntry& entry, const Attribute& attribute) {
  const std::string& key = attribute.key;
  const std::string& value = attribute.value;
  if (key == "EventId") return entry.id == value;
  if (key == "EventName") return entry.name == value;
  if (key == "EventSource") return entry.source == value;
  if (key == "ReadOnly") return value == (entry.read_only ? "true" : "false");
  if (key == "Username") return entry.user == value;
  if (key == "AccessKeyId") return entry.access_key == value;
  return std::ranges::any_of(
      entry.resources, [&](const Resource& one) { return value == (key == "ResourceType" ? one.type : one.arn); });
}

std::string history_key(const cloud::Scope& scope, Time time, std::uint64_t sequence, std::string_view id) {
  return scope_key(scope)
      .number(newest_first(time))
      .number(std::numeric_limits<std::uint64_t>::max() - sequence)
      .text(id)
      .bytes();
}

Result<Found> look_up(const store::Snapshot& snapshot, const LookUp& wanted) {
  const store::Key all = scope_key(wanted.scope);
  std::string from = all.bytes();
  if (wanted.end) from = scope_key(wanted.scope).number(newest_first(*wanted.end)).bytes();
  if (!wanted.after.empty()) from = std::max(from, wanted.after + '\0');
  const std::string to = wanted.start ? scope_key(wanted.scope).number(newest_first(*wanted.start)).end() : all.end();
  Found found;
  if (from >= to) return found;
  std::size_t looked_at = 0;
  bool broken = false;
  std::string last;
  const auto scanned = snapshot.scan(from, to, [&](std::string_view key, std::string_view value) {
    if (found.entries.size() == wanted.most || looked_at == kMaxLookedAt) {
      found.last = last;
      return false;
    }
    ++looked_at;
    last = key;
    auto entry = store::decode<HistoryEntry>(value);
    broken = broken || !entry;
    if (entry && (!wanted.attribute || matches(*entry, *wanted.attribute))) {
      found.entries.push_back(*std::move(entry));
    }
    return !broken;
  });
  if (!scanned) return std::unexpected(scanned.error());
  if (broken) return fail("InternalFailure", "A record of the event history cannot be read.", 500);
  return found;
}

Result<bool> sweep(const store::Snapshot& snapshot, Time now, store::Batch& batch) {
  const store::Key all(kHistorySpace);
  const std::string end = all.end();
  std::string from = all.bytes();
  bool found = true;
  while (found) {
    // The next account and Region that has any records.
    found = false;
    cloud::Scope scope;
    Result<void> scanned = snapshot.scan(from, end, [&](std::string_view key, std::string_view) {
      store::KeyReader reader(key);
      reader.text();
      scope.account = reader.text().value_or("");
      scope.region = reader.text().value_or("");
      found = true;
      return false;
    });
    if (!scanned) return std::unexpected(scanned.error());
    if (!found) break;
    const store::Key mine = scope_key(scope);
    from = mine.end();
    const std::string old = scope_key(scope).number(newest_first(now - kHistoryKept)).bytes();
    std::size_t count = 0;
    std::string cut;
    scanned = snapshot.scan(mine.bytes(), old, [&](std::string_view key, std::string_view) {
      if (++count > kMaxHistory && cut.empty()) cut = key;
      return cut.empty();
    });
    if (!scanned) return std::unexpected(scanned.error());
    if (cut.empty()) cut = old;
    bool any = false;
    scanned = snapshot.scan(cut, mine.end(), [&](std::string_view, std::string_view) {
      any = true;
      return false;
    });
    if (!scanned) return std::unexpected(scanned.error());
    if (any) batch.erase_range(cut, mine.end());
  }
  return !batch.empty();
}

}  // namespace signalbox::cloudtrail
