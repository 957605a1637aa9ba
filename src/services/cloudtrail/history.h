// The event history: the management events of the last 90 days, newest first.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cloud/scope.h"
#include "services/cloudtrail/record.h"
#include "store/fields.h"
#include "store/store.h"

namespace signalbox::cloudtrail {

inline constexpr auto kHistoryKept = std::chrono::days(90);
/// The newest records kept of one account and Region, at the least; older ones go when there are a quarter more.
inline constexpr std::size_t kMaxHistory = 200'000;
/// Records that one look-up reads at the most before it answers with what it has and a token to go on.
inline constexpr std::size_t kMaxLookedAt = 20'000;

/// What look-ups find a record by, and its text.
struct HistoryEntry {
  static constexpr std::uint8_t kVersion = 1;
  std::string id;
  std::string name;
  std::string source;
  bool read_only = false;
  std::string user;
  std::string access_key;
  Time time{};
  std::vector<Resource> resources;  // types and names
  std::string text;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("id", self.id)("name", self.name)("source", self.source)("read_only", self.read_only);
    field("user", self.user)("access_key", self.access_key)("time", self.time)("resources", self.resources);
    field("text", self.text);
  }
};
HistoryEntry entry_of(const Record& record);

/// One of LookupEvents' attributes: "EventName" ...
struct Attribute {
  std::string key;
  std::string value;
};
bool matches(const HistoryEntry& entry, const Attribute& attribute);

/// `sequence` grows with each record, so that those of one millisecond keep their order.
std::string history_key(const cloud::Scope& scope, Time time, std::uint64_t sequence, std::string_view id);

struct LookUp {
  cloud::Scope scope;
  std::optional<Attribute> attribute;
  std::optional<Time> start;
  std::optional<Time> end;
  std::size_t most = 50;
  std::string after;  // the key to go on behind; "" for the newest
};
struct Found {
  std::vector<HistoryEntry> entries;
  std::string last;  // the key to go on behind; "" at the end
};
/// Errors: those of the store.
Result<Found> look_up(const store::Snapshot& snapshot, const LookUp& look_up);

/// Adds to `batch` the erasure of what is too old or too much, of every account and Region. False when there is nothing
/// to do. Errors: those of the store.
Result<bool> sweep(const store::Snapshot& snapshot, Time now, store::Batch& batch);

}  // namespace signalbox::cloudtrail
