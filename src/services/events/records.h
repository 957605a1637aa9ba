// What the events service keeps in the store: event buses, rules and targets, each a versioned record.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cloud/event_target.h"
#include "services/events/names.h"
#include "store/fields.h"
#include "store/key.h"

namespace signalbox::events {

using Tags = std::map<std::string, std::string, std::less<>>;

struct BusRecord {
  static constexpr std::uint8_t kVersion = 1;
  std::optional<std::string> description;
  std::string policy;           // JSON text; "" for none
  std::optional<Time> created;  // absent for a default bus that nobody changed
  std::optional<Time> modified;
  Tags tags;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("description", self.description)("policy", self.policy)("created", self.created);
    field("modified", self.modified)("tags", self.tags);
  }
};

struct RuleRecord {
  static constexpr std::uint8_t kVersion = 2;  // 2: schedules
  std::string pattern;                         // "" for none
  std::string schedule;                        // its expression; "" for none
  Time schedule_start{};                       // what a rate counts from: when the rule got its schedule
  std::string state;
  std::optional<std::string> description;
  std::optional<std::string> role_arn;
  std::string created_by;  // account
  Tags tags;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("pattern", self.pattern)("state", self.state)("description", self.description);
    field("role_arn", self.role_arn)("created_by", self.created_by)("tags", self.tags);
    if (field.since(2)) field("schedule", self.schedule)("schedule_start", self.schedule_start);
  }
};

struct Transformer {
  std::map<std::string, std::string, std::less<>> paths;
  std::string input_template;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("input_template", self.input_template)("paths", self.paths);
  }
};

struct TargetRecord {
  static constexpr std::uint8_t kVersion = 4;  // 2: dead letters and retries, 3: HTTP parameters, 4: partition keys
  std::string arn;
  std::optional<std::string> role_arn;
  std::optional<std::string> input;
  std::optional<std::string> input_path;
  std::optional<Transformer> transformer;
  std::optional<std::string> message_group_id;
  std::optional<std::string> dead_letter_arn;
  std::optional<std::int64_t> max_retries;
  std::optional<std::int64_t> max_age_seconds;
  std::optional<cloud::HttpParameters> http;
  std::optional<std::string> partition_key_path;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("arn", self.arn)("role_arn", self.role_arn)("input", self.input)("input_path", self.input_path);
    field("message_group_id", self.message_group_id)("transformer", self.transformer);
    if (field.since(2)) {
      field("dead_letter_arn", self.dead_letter_arn)("max_retries", self.max_retries);
      field("max_age_seconds", self.max_age_seconds);
    }
    if (field.since(3)) field("http", self.http);
    if (field.since(4)) field("partition_key_path", self.partition_key_path);
  }
};

/// Keys: account, region, bus, then the rule's name, then the target's id. The keyspaces are kBusSpace and so on.
inline constexpr std::string_view kBusSpace = "events.bus";
inline constexpr std::string_view kRuleSpace = "events.rule";
inline constexpr std::string_view kSeenSpace = "events.schedule";
inline constexpr std::string_view kTargetSpace = "events.target";
store::Key bus_key(const BusId& bus);
store::Key rule_key(const BusId& bus, std::string_view rule);
store::Key target_key(const BusId& bus, std::string_view rule, std::string_view id);

}  // namespace signalbox::events
