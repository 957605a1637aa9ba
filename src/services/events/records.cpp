#include "services/events/records.h"

#include "store/record.h"

namespace signalbox::events {
namespace {

constexpr std::uint8_t kVersion = 1;
/// 2: schedules.
constexpr std::uint8_t kRuleVersion = 2;
/// 2: dead letters and retries. 3: HTTP parameters. 4: partition keys.
constexpr std::uint8_t kTargetVersion = 4;

using Texts = std::map<std::string, std::string, std::less<>>;

void write(store::RecordWriter& out, const Texts& texts) {
  out.number(texts.size());
  for (const auto& [key, value] : texts) out.text(key).text(value);
}

Texts read_texts(store::RecordReader& in) {
  Texts texts;
  for (auto left = in.number(); left > 0 && in.ok(); --left) {
    std::string key = in.text();
    texts[std::move(key)] = in.text();
  }
  return texts;
}

void write(store::RecordWriter& out, const std::optional<Time>& time) {
  out.optional_integer(time ? std::optional<std::int64_t>(time->time_since_epoch().count()) : std::nullopt);
}

std::optional<Time> read_time(store::RecordReader& in) {
  const auto ticks = in.optional_integer();
  if (!ticks) return std::nullopt;
  return Time(Duration(*ticks));
}

store::Key key_of(std::string_view space, const BusId& bus) {
  return store::Key(space).text(bus.scope.account).text(bus.scope.region).text(bus.name);
}

}  // namespace

std::string encode(const BusRecord& record) {
  store::RecordWriter out(kVersion);
  out.optional_text(record.description).text(record.policy);
  write(out, record.created);
  write(out, record.modified);
  write(out, record.tags);
  return std::move(out).take();
}

std::optional<BusRecord> decode_bus(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  BusRecord record;
  record.description = in.optional_text();
  record.policy = in.text();
  record.created = read_time(in);
  record.modified = read_time(in);
  record.tags = read_texts(in);
  if (!in.complete()) return std::nullopt;
  return record;
}

std::string encode(const RuleRecord& record) {
  store::RecordWriter out(kRuleVersion);
  out.text(record.pattern).text(record.state).optional_text(record.description).optional_text(record.role_arn);
  out.text(record.created_by);
  write(out, record.tags);
  out.text(record.schedule).integer(record.schedule_start.time_since_epoch().count());
  return std::move(out).take();
}

std::optional<RuleRecord> decode_rule(std::string_view bytes) {
  store::RecordReader in(bytes, kRuleVersion);
  RuleRecord record;
  record.pattern = in.text();
  record.state = in.text();
  record.description = in.optional_text();
  record.role_arn = in.optional_text();
  record.created_by = in.text();
  record.tags = read_texts(in);
  if (in.version() >= 2) {
    record.schedule = in.text();
    record.schedule_start = Time(Duration(in.integer()));
  }
  if (!in.complete()) return std::nullopt;
  return record;
}

std::string encode(const TargetRecord& record) {
  store::RecordWriter out(kTargetVersion);
  out.text(record.arn).optional_text(record.role_arn).optional_text(record.input).optional_text(record.input_path);
  out.optional_text(record.message_group_id).flag(record.transformer.has_value());
  if (record.transformer) {
    out.text(record.transformer->input_template);
    write(out, record.transformer->paths);
  }
  out.optional_text(record.dead_letter_arn).optional_integer(record.max_retries);
  out.optional_integer(record.max_age_seconds).flag(record.http.has_value());
  if (record.http) {
    out.number(record.http->path_values.size());
    for (const std::string& value : record.http->path_values) out.text(value);
    write(out, record.http->headers);
    write(out, record.http->query);
  }
  out.optional_text(record.partition_key_path);
  return std::move(out).take();
}

std::optional<TargetRecord> decode_target(std::string_view bytes) {
  store::RecordReader in(bytes, kTargetVersion);
  TargetRecord record;
  record.arn = in.text();
  record.role_arn = in.optional_text();
  record.input = in.optional_text();
  record.input_path = in.optional_text();
  record.message_group_id = in.optional_text();
  if (in.flag()) {
    record.transformer.emplace();
    record.transformer->input_template = in.text();
    record.transformer->paths = read_texts(in);
  }
  if (in.version() >= 2) {
    record.dead_letter_arn = in.optional_text();
    record.max_retries = in.optional_integer();
    record.max_age_seconds = in.optional_integer();
  }
  if (in.version() >= 3 && in.flag()) {
    record.http.emplace();
    for (auto left = in.number(); left > 0 && in.ok(); --left) record.http->path_values.push_back(in.text());
    record.http->headers = read_texts(in);
    record.http->query = read_texts(in);
  }
  if (in.version() >= 4) record.partition_key_path = in.optional_text();
  if (!in.complete()) return std::nullopt;
  return record;
}

store::Key bus_key(const BusId& bus) {
  return key_of(kBusSpace, bus);
}

store::Key rule_key(const BusId& bus, std::string_view rule) {
  return key_of(kRuleSpace, bus).text(rule);
}

store::Key target_key(const BusId& bus, std::string_view rule, std::string_view id) {
  return key_of(kTargetSpace, bus).text(rule).text(id);
}

}  // namespace signalbox::events
