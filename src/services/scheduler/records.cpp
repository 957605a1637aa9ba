#include "services/scheduler/records.h"

#include "store/record.h"

namespace signalbox::scheduler {
namespace {

constexpr std::uint8_t kVersion = 1;
/// 2: partition keys.
constexpr std::uint8_t kScheduleVersion = 2;

std::int64_t ticks(Time time) {
  return time.time_since_epoch().count();
}
Time time_of(std::int64_t count) {
  return Time(Duration(count));
}
std::optional<std::int64_t> ticks(const std::optional<Time>& time) {
  return time ? std::optional(ticks(*time)) : std::nullopt;
}
std::optional<Time> read_time(store::RecordReader& in) {
  const auto count = in.optional_integer();
  return count ? std::optional(time_of(*count)) : std::nullopt;
}

store::Key key_of(std::string_view space, const ScheduleId& id) {
  return store::Key(space).text(id.scope.account).text(id.scope.region).text(id.group).text(id.name);
}

}  // namespace

std::string Group::arn() const {
  return cloud::make_arn("scheduler", scope, "schedule-group/" + name);
}

std::string ScheduleId::arn() const {
  return cloud::make_arn("scheduler", scope, "schedule/" + group + "/" + name);
}

std::string encode(const Group& group) {
  store::RecordWriter out(kVersion);
  out.text(group.scope.account).text(group.scope.region).text(group.name);
  out.integer(ticks(group.created)).integer(ticks(group.modified)).text(group.client_token);
  out.number(group.tags.size());
  for (const auto& [key, value] : group.tags) out.text(key).text(value);
  return std::move(out).take();
}

std::optional<Group> decode_group(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  Group group;
  group.scope.account = in.text();
  group.scope.region = in.text();
  group.name = in.text();
  group.created = time_of(in.integer());
  group.modified = time_of(in.integer());
  group.client_token = in.text();
  for (auto left = in.number(); left > 0 && in.ok(); --left) {
    std::string key = in.text();
    group.tags[std::move(key)] = in.text();
  }
  if (!in.complete()) return std::nullopt;
  return group;
}

std::string encode(const ScheduleRecord& schedule) {
  store::RecordWriter out(kScheduleVersion);
  out.optional_text(schedule.description).text(schedule.expression).text(schedule.zone);
  out.optional_integer(ticks(schedule.start)).optional_integer(ticks(schedule.end));
  out.flag(schedule.enabled).integer(schedule.window_minutes).flag(schedule.delete_after_completion);
  const TargetRecord& target = schedule.target;
  out.text(target.arn).text(target.role_arn).optional_text(target.input).optional_text(target.message_group_id);
  out.optional_text(target.detail_type).optional_text(target.source).optional_text(target.dead_letter_arn);
  out.integer(target.max_retries).integer(target.max_age_seconds).text(schedule.client_token);
  out.integer(ticks(schedule.created)).integer(ticks(schedule.modified)).optional_text(target.partition_key);
  return std::move(out).take();
}

std::optional<ScheduleRecord> decode_schedule(std::string_view bytes) {
  store::RecordReader in(bytes, kScheduleVersion);
  ScheduleRecord schedule;
  schedule.description = in.optional_text();
  schedule.expression = in.text();
  schedule.zone = in.text();
  schedule.start = read_time(in);
  schedule.end = read_time(in);
  schedule.enabled = in.flag();
  schedule.window_minutes = in.integer();
  schedule.delete_after_completion = in.flag();
  TargetRecord& target = schedule.target;
  target.arn = in.text();
  target.role_arn = in.text();
  target.input = in.optional_text();
  target.message_group_id = in.optional_text();
  target.detail_type = in.optional_text();
  target.source = in.optional_text();
  target.dead_letter_arn = in.optional_text();
  target.max_retries = in.integer();
  target.max_age_seconds = in.integer();
  schedule.client_token = in.text();
  schedule.created = time_of(in.integer());
  schedule.modified = time_of(in.integer());
  if (in.version() >= 2) target.partition_key = in.optional_text();
  if (!in.complete()) return std::nullopt;
  return schedule;
}

std::string encode_seen(Time until) {
  return std::move(store::RecordWriter(kVersion).integer(ticks(until))).take();
}

std::optional<Time> decode_seen(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  const Time until = time_of(in.integer());
  if (!in.complete()) return std::nullopt;
  return until;
}

store::Key group_key(const cloud::Scope& scope, std::string_view name) {
  return store::Key(kGroupSpace).text(scope.account).text(scope.region).text(name);
}

store::Key schedule_key(const ScheduleId& id) {
  return key_of(kScheduleSpace, id);
}

store::Key seen_key(const ScheduleId& id) {
  return key_of(kSeenSpace, id);
}

std::optional<ScheduleId> read_schedule_key(std::string_view key) {
  store::KeyReader reader(key);
  reader.text();
  ScheduleId id;
  for (std::string* part : {&id.scope.account, &id.scope.region, &id.group, &id.name}) {
    auto text = reader.text();
    if (!text) return std::nullopt;
    *part = *std::move(text);
  }
  if (!reader.done()) return std::nullopt;
  return id;
}

}  // namespace signalbox::scheduler
