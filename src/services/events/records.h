// What the events service keeps in the store: event buses, rules and targets, each a versioned record.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cloud/event_target.h"
#include "services/events/names.h"
#include "store/key.h"

namespace signalbox::events {

using Tags = std::map<std::string, std::string, std::less<>>;

struct BusRecord {
  std::optional<std::string> description;
  std::string policy;           // JSON text; "" for none
  std::optional<Time> created;  // absent for a default bus that nobody changed
  std::optional<Time> modified;
  Tags tags;
};

struct RuleRecord {
  std::string pattern;    // "" for none
  std::string schedule;   // its expression; "" for none
  Time schedule_start{};  // what a rate counts from: when the rule got its schedule
  std::string state;
  std::optional<std::string> description;
  std::optional<std::string> role_arn;
  std::string created_by;  // account
  Tags tags;
};

struct Transformer {
  std::map<std::string, std::string, std::less<>> paths;
  std::string input_template;
};

struct TargetRecord {
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
};

std::string encode(const BusRecord& record);
std::string encode(const RuleRecord& record);
std::string encode(const TargetRecord& record);
/// Empty optional on bytes that are not such a record.
std::optional<BusRecord> decode_bus(std::string_view bytes);
std::optional<RuleRecord> decode_rule(std::string_view bytes);
std::optional<TargetRecord> decode_target(std::string_view bytes);

/// Keys: account, region, bus, then the rule's name, then the target's id. The keyspaces are kBusSpace and so on.
inline constexpr std::string_view kBusSpace = "events.bus";
inline constexpr std::string_view kRuleSpace = "events.rule";
inline constexpr std::string_view kSeenSpace = "events.schedule";
inline constexpr std::string_view kTargetSpace = "events.target";
store::Key bus_key(const BusId& bus);
store::Key rule_key(const BusId& bus, std::string_view rule);
store::Key target_key(const BusId& bus, std::string_view rule, std::string_view id);

}  // namespace signalbox::events
