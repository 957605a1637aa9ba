#include "services/logs/records.h"

#include <algorithm>
#include <bit>

#include "store/record.h"

namespace signalbox::logs {
namespace {

constexpr std::uint8_t kVersion = 1;

void write_tags(store::RecordWriter& out, const Tags& tags) {
  out.number(tags.size());
  for (const auto& [key, value] : tags) out.text(key).text(value);
}

Tags read_tags(store::RecordReader& in) {
  Tags tags;
  for (auto left = in.number(); left > 0 && in.ok(); --left) {
    std::string key = in.text();
    tags[std::move(key)] = in.text();
  }
  return tags;
}

}  // namespace

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

std::string encode(const GroupRecord& group) {
  store::RecordWriter out(kVersion);
  out.text(group.scope.account).text(group.scope.region).text(group.name).number(group.id).integer(group.created);
  out.integer(group.retention_days).flag(group.protected_from_deletion).text(group.log_class);
  write_tags(out, group.tags);
  return std::move(out).take();
}

std::optional<GroupRecord> decode_group(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  GroupRecord group;
  group.scope.account = in.text();
  group.scope.region = in.text();
  group.name = in.text();
  group.id = in.number();
  group.created = in.integer();
  group.retention_days = static_cast<std::int32_t>(in.integer());
  group.protected_from_deletion = in.flag();
  group.log_class = in.text();
  group.tags = read_tags(in);
  if (!in.complete()) return std::nullopt;
  return group;
}

std::string encode(const StreamRecord& stream) {
  store::RecordWriter out(kVersion);
  out.number(stream.id).integer(stream.created).integer(stream.first).integer(stream.last).integer(stream.ingested);
  return std::move(out).take();
}

std::optional<StreamRecord> decode_stream(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  StreamRecord stream;
  stream.id = static_cast<std::uint32_t>(in.number());
  stream.created = in.integer();
  stream.first = in.integer();
  stream.last = in.integer();
  stream.ingested = in.integer();
  if (!in.complete()) return std::nullopt;
  return stream;
}

std::string encode(const SubscriptionRecord& filter) {
  store::RecordWriter out(kVersion);
  out.text(filter.name).text(filter.pattern).text(filter.destination).text(filter.role).flag(filter.random);
  out.integer(filter.created);
  return std::move(out).take();
}

std::optional<SubscriptionRecord> decode_subscription(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  SubscriptionRecord filter;
  filter.name = in.text();
  filter.pattern = in.text();
  filter.destination = in.text();
  filter.role = in.text();
  filter.random = in.flag();
  filter.created = in.integer();
  if (!in.complete()) return std::nullopt;
  return filter;
}

std::string encode(const MetricFilterRecord& filter) {
  store::RecordWriter out(kVersion);
  out.text(filter.name).text(filter.pattern).text(filter.metric).text(filter.metric_namespace).text(filter.value);
  out.flag(filter.default_value.has_value()).number(std::bit_cast<std::uint64_t>(filter.default_value.value_or(0)));
  out.text(filter.unit).integer(filter.created);
  write_tags(out, filter.dimensions);
  return std::move(out).take();
}

std::optional<MetricFilterRecord> decode_metric_filter(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  MetricFilterRecord filter;
  filter.name = in.text();
  filter.pattern = in.text();
  filter.metric = in.text();
  filter.metric_namespace = in.text();
  filter.value = in.text();
  const bool has_default = in.flag();
  const auto default_value = std::bit_cast<double>(in.number());
  if (has_default) filter.default_value = default_value;
  filter.unit = in.text();
  filter.created = in.integer();
  filter.dimensions = read_tags(in);
  if (!in.complete()) return std::nullopt;
  return filter;
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

std::string encode_number(std::uint64_t number) {
  return std::move(store::RecordWriter(kVersion).number(number)).take();
}

std::optional<std::uint64_t> decode_number(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  const auto number = in.number();
  return in.complete() ? std::optional(number) : std::nullopt;
}

}  // namespace signalbox::logs
