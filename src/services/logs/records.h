// What CloudWatch Logs keeps in the store beside the events themselves: log groups, log streams, filters.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cloud/scope.h"
#include "store/field_forms.h"
#include "store/key.h"
#include "store/plain_records.h"

namespace signalbox::logs {

using Tags = std::map<std::string, std::string, std::less<>>;

/// Milliseconds since 1970, as every time of this API is.
using Millis = std::int64_t;
inline Millis millis_of(Time time) {
  return time.time_since_epoch().count();
}

struct GroupRecord {
  static constexpr std::uint8_t kVersion = 1;
  cloud::Scope scope;
  std::string name;
  std::uint64_t id = 0;  // of the group's keys; random, never used again
  Millis created = 0;
  std::int32_t retention_days = 0;  // 0: for ever
  bool protected_from_deletion = false;
  std::string log_class;
  Tags tags;
  /// arn:aws:logs:us-east-1:123456789012:log-group:NAME
  std::string arn() const;
  /// Before this, events have expired.
  Millis expired_before(Time now) const;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("scope", self.scope)("name", self.name)("id", self.id)("created", self.created);
    field("retention_days", self.retention_days)("protected_from_deletion", self.protected_from_deletion);
    field("log_class", self.log_class)("tags", self.tags);
  }
};

/// A stream as far as its sealed events go; those of the tail are counted when the group is opened.
struct StreamRecord {
  static constexpr std::uint8_t kVersion = 1;
  std::uint32_t id = 0;  // within its group, never used again
  Millis created = 0;
  Millis first = -1;  // -1: no event yet
  Millis last = -1;
  Millis ingested = -1;
  void count(Millis event_first, Millis event_last, Millis when);

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("id", self.id)("created", self.created)("first", self.first)("last", self.last)("ingested", self.ingested);
  }
};

struct SubscriptionRecord {
  static constexpr std::uint8_t kVersion = 1;
  std::string name;
  std::string pattern;
  std::string destination;  // ARN
  std::string role;         // "" for none
  bool random = false;      // distribution
  Millis created = 0;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("name", self.name)("pattern", self.pattern)("destination", self.destination)("role", self.role);
    field("random", self.random)("created", self.created);
  }
};

struct MetricFilterRecord {
  static constexpr std::uint8_t kVersion = 1;
  std::string name;
  std::string pattern;
  std::string metric;
  std::string metric_namespace;
  std::string value;  // a number, or a selector
  std::optional<double> default_value;
  std::string unit;  // "" for none
  Tags dimensions;   // name to selector
  Millis created = 0;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("name", self.name)("pattern", self.pattern)("metric", self.metric);
    field("metric_namespace", self.metric_namespace)("value", self.value);
    field("default_value", store::always(self.default_value))("unit", self.unit)("created", self.created);
    field("dimensions", self.dimensions);
  }
};

inline constexpr std::string_view kGroupSpace = "logs.group";
store::Key group_key(const cloud::Scope& scope, std::string_view name);
/// The keys of a group's parts: all but the first begin with the space and the group's id.
store::Key streams_key(std::uint64_t group);
store::Key stream_key(std::uint64_t group, std::string_view name);
store::Key next_stream_key(std::uint64_t group);
store::Key subscriptions_key(std::uint64_t group);
store::Key subscription_key(std::uint64_t group, std::string_view name);
store::Key metric_filters_key(std::uint64_t group);
store::Key metric_filter_key(std::uint64_t group, std::string_view name);
store::Key tail_key(std::uint64_t group);
store::Key frame_key(std::uint64_t group, std::uint64_t first_number);
/// How far the tail is sealed: the number of its first event.
store::Key head_key(std::uint64_t group);
store::Key chunks_key(std::uint64_t group);
store::Key chunk_key(std::uint64_t group, std::uint64_t chunk);
store::Key chunk_index_key(std::uint64_t group);
store::Key chunk_info_key(std::uint64_t group, std::uint64_t chunk);
/// The last part of one of these keys: a name, or a number.
std::optional<std::string> name_in_key(std::string_view key);
std::optional<std::uint64_t> number_in_key(std::string_view key);

}  // namespace signalbox::logs
