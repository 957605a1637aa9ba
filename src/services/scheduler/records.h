// What the scheduler keeps in the store: schedule groups and schedules, and how far each schedule has been seen to.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cloud/scope.h"
#include "store/key.h"

namespace signalbox::scheduler {

using Tags = std::map<std::string, std::string, std::less<>>;

inline constexpr std::string_view kDefaultGroup = "default";

struct Group {
  cloud::Scope scope;
  std::string name;
  Time created{};
  Time modified{};
  std::string client_token;  // "" for none
  Tags tags;
  std::string arn() const;
};

/// Where a schedule lives: names are unique in a group.
struct ScheduleId {
  cloud::Scope scope;
  std::string group;
  std::string name;
  auto operator<=>(const ScheduleId&) const = default;
  std::string arn() const;
};

struct TargetRecord {
  std::string arn;
  std::string role_arn;
  std::optional<std::string> input;
  std::optional<std::string> message_group_id;
  std::optional<std::string> detail_type;
  std::optional<std::string> source;
  std::optional<std::string> dead_letter_arn;
  std::int64_t max_retries = 185;
  std::int64_t max_age_seconds = 86'400;
  std::optional<std::string> partition_key;
};

struct ScheduleRecord {
  std::optional<std::string> description;
  std::string expression;
  std::string zone = "UTC";
  std::optional<Time> start;
  std::optional<Time> end;
  bool enabled = true;
  std::int64_t window_minutes = 0;  // 0: OFF
  bool delete_after_completion = false;
  TargetRecord target;
  std::string client_token;  // "" for none
  Time created{};
  Time modified{};
};

std::string encode(const Group& group);
std::string encode(const ScheduleRecord& schedule);
/// The time up to which a schedule has been seen to.
std::string encode_seen(Time until);
/// Empty optional on bytes that are no such record.
std::optional<Group> decode_group(std::string_view bytes);
std::optional<ScheduleRecord> decode_schedule(std::string_view bytes);
std::optional<Time> decode_seen(std::string_view bytes);

inline constexpr std::string_view kGroupSpace = "scheduler.group";
inline constexpr std::string_view kScheduleSpace = "scheduler.schedule";
inline constexpr std::string_view kSeenSpace = "scheduler.seen";
store::Key group_key(const cloud::Scope& scope, std::string_view name);
store::Key schedule_key(const ScheduleId& id);
store::Key seen_key(const ScheduleId& id);
/// The id that a key of schedules or marks has; empty optional when it has none.
std::optional<ScheduleId> read_schedule_key(std::string_view key);

}  // namespace signalbox::scheduler
