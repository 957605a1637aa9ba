#include "services/logs/records.h"

#include <algorithm>

namespace signalbox::logs {
std::string GroupRecord::arn() const {
  return cloud::make_arn("logs", scope, "log-group:" + name);
}

Millis GroupRecord::expired_before(Time now) const {
  if (retention_days == 0) return 0;
  return millis_of(now) - Millis{retention_days} * 24 * 3600 * 1000;
}

void StreamRecord::count(Millis event_first, Millis event_last, Millis when) {
  first = first < 0 ? event_first : std::min(first, event_first);
  last = std::max(last, event_last);
  ingested = std::max(ingested, when);
}

store::Key group_key(const cloud::Scope& scope, std::string_view name) {
  return store::Key(kGroupSpace).text(scope.account).text(scope.region).text(name);
}
store::Key streams_key(std::uint64_t group) {
  return store::Key("logs.stream").number(group);
}
store::Key stream_key(std::uint64_t group, std::string_view name) {
  return streams_key(group).text(name);
}
store::Key next_stream_key(std::uint64_t group) {
  return store::Key("logs.next-stream").number(group);
}
store::Key subscriptions_key(std::uint64_t group) {
  return store::Key("logs.subscription").number(group);
}
store::Key subscription_key(std::uint64_t group, std::string_view name) {
  return subscriptions_key(group).text(name);
}
store::Key metric_filters_key(std::uint64_t group) {
  return store::Key("logs.metric-filter").number(group);
}
store::Key metric_filter_key(std::uint64_t group, std::string_view name) {
  return metric_filters_key(group).text(name);
}
store::Key tail_key(std::uint64_t group) {
  return store::Key("logs.tail").number(group);
}
store::Key frame_key(std::uint64_t group, std::uint64_t first_number) {
  return tail_key(group).number(first_number);
}
store::Key head_key(std::uint64_t group) {
  return store::Key("logs.head").number(group);
}
store::Key chunks_key(std::uint64_t group) {
  return store::Key("logs.chunk").number(group);
}
store::Key chunk_key(std::uint64_t group, std::uint64_t chunk) {
  return chunks_key(group).number(chunk);
}
store::Key chunk_index_key(std::uint64_t group) {
  return store::Key("logs.chunk-info").number(group);
}
store::Key chunk_info_key(std::uint64_t group, std::uint64_t chunk) {
  return chunk_index_key(group).number(chunk);
}

std::optional<std::string> name_in_key(std::string_view key) {
  store::KeyReader reader(key);
  if (!reader.text() || !reader.number()) return std::nullopt;
  auto name = reader.text();
  return name && reader.done() ? name : std::nullopt;
}

std::optional<std::uint64_t> number_in_key(std::string_view key) {
  store::KeyReader reader(key);
  if (!reader.text() || !reader.number()) return std::nullopt;
  const auto number = reader.number();
  return number && reader.done() ? number : std::nullopt;
}

}  // namespace signalbox::logs
