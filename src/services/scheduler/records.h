// What the scheduler keeps in the store: schedule groups and schedules, and how far each schedule has been seen to.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cloud/scope.h"
#include "store/key.h"
#include "store/plain_records.h"

namespace signalbox::scheduler {

using Tags = std::map<std::string, std::string, std::less<>>;

inline constexpr std::string_view kDefaultGroup = "default";

struct GroupId {
  cloud::Scope scope;
  std::string name;
  auto operator<=>(const GroupId&) const = default;
  std::string arn() const;

  template <class Self, class Parts>
  static void parts(Self& self, Parts& part) {
    part(self.scope.account)(self.scope.region)(self.name);
  }
};

struct Group {
  using Id = GroupId;
  static constexpr std::uint8_t kVersion = 2;  // 2: groups that are being deleted
  GroupId id;
  Time created{};
  Time modified{};
  std::string client_token;  // "" for none
  Tags tags;
  bool deleting = false;  // its schedules go; nobody makes others in it

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("scope", self.id.scope)("name", self.id.name)("created", self.created)("modified", self.modified);
    field("client_token", self.client_token)("tags", self.tags);
    if (field.since(2)) field("deleting", self.deleting);
  }
};

/// Where a schedule lives: names are unique in a group.
struct ScheduleId {
  cloud::Scope scope;
  std::string group;
  std::string name;
  auto operator<=>(const ScheduleId&) const = default;
  std::string arn() const;

  template <class Self, class Parts>
  static void parts(Self& self, Parts& part) {
    part(self.scope.account)(self.scope.region)(self.group)(self.name);
  }
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

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("arn", self.arn)("role_arn", self.role_arn)("input", self.input)("message_group_id", self.message_group_id);
    field("detail_type", self.detail_type)("source", self.source)("dead_letter_arn", self.dead_letter_arn);
    field("max_retries", self.max_retries)("max_age_seconds", self.max_age_seconds);
  }
};

struct ScheduleRecord {
  static constexpr std::uint8_t kVersion = 2;  // 2: partition keys
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

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("description", self.description)("expression", self.expression)("zone", self.zone);
    field("start", self.start)("end", self.end)("enabled", self.enabled)("window_minutes", self.window_minutes);
    field("delete_after_completion", self.delete_after_completion)("target", self.target);
    field("client_token", self.client_token)("created", self.created)("modified", self.modified);
    if (field.since(2)) field("partition_key", self.target.partition_key);
  }
};

/// How far a schedule has been seen to.
using SeenRecord = store::TimeRecord;

inline constexpr std::string_view kGroupSpace = "scheduler.group";
inline constexpr std::string_view kScheduleSpace = "scheduler.schedule";
inline constexpr std::string_view kSeenSpace = "scheduler.seen";

}  // namespace signalbox::scheduler
