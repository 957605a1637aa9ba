#include "services/events/archives/archive_records.h"

#include "store/record.h"

namespace signalbox::events {
namespace {

constexpr std::uint8_t kArchiveVersion = 1;

std::int64_t ticks(Time time) {
  return time.time_since_epoch().count();
}
Time read_time(store::RecordReader& in) {
  return Time(Duration(in.integer()));
}
std::optional<std::int64_t> ticks(const std::optional<Time>& time) {
  return time ? std::optional(ticks(*time)) : std::nullopt;
}
std::optional<Time> read_optional_time(store::RecordReader& in) {
  const auto time = in.optional_integer();
  return time ? std::optional(Time(Duration(*time))) : std::nullopt;
}

/// Times before 1970 sort before those after it.
constexpr std::uint64_t kSign = std::uint64_t{1} << 63U;
std::uint64_t to_number(Time time) {
  return static_cast<std::uint64_t>(ticks(time)) ^ kSign;
}
Time to_time(std::uint64_t number) {
  return Time(Duration(static_cast<std::int64_t>(number ^ kSign)));
}

store::Key named(std::string_view space, const cloud::Scope& scope, std::string_view name) {
  return store::Key(space).text(scope.account).text(scope.region).text(name);
}

}  // namespace

std::string Archive::arn() const {
  return cloud::make_arn("events", scope, "archive/" + name);
}

std::string Replay::arn() const {
  return cloud::make_arn("events", scope, "replay/" + name);
}

std::string encode(const Archive& archive) {
  store::RecordWriter out(kArchiveVersion);
  out.text(archive.scope.account).text(archive.scope.region).text(archive.name).number(archive.id).text(archive.bus);
  out.optional_text(archive.description).text(archive.pattern).integer(archive.retention_days);
  out.integer(ticks(archive.created));
  return std::move(out).take();
}

std::optional<Archive> decode_archive(std::string_view bytes) {
  store::RecordReader in(bytes, kArchiveVersion);
  Archive archive;
  archive.scope.account = in.text();
  archive.scope.region = in.text();
  archive.name = in.text();
  archive.id = in.number();
  archive.bus = in.text();
  archive.description = in.optional_text();
  archive.pattern = in.text();
  archive.retention_days = in.integer();
  archive.created = read_time(in);
  if (!in.complete()) return std::nullopt;
  return archive;
}

std::string encode(const Replay& replay) {
  const ReplayOrder& order = *replay.order;
  store::RecordWriter out(kArchiveVersion);
  out.text(replay.scope.account).text(replay.scope.region).text(replay.name).text(replay.state).text(replay.reason);
  out.integer(ticks(replay.started)).optional_integer(ticks(replay.ended));
  out.optional_text(order.description).text(order.archive).number(order.archive_id).text(order.bus);
  out.number(order.rules.size());
  for (const std::string& rule : order.rules) out.text(rule);
  out.integer(ticks(order.from)).integer(ticks(order.to)).number(order.sequences);
  return std::move(out).take();
}

std::optional<Replay> decode_replay(std::string_view bytes) {
  store::RecordReader in(bytes, kArchiveVersion);
  Replay replay;
  replay.scope.account = in.text();
  replay.scope.region = in.text();
  replay.name = in.text();
  replay.state = in.text();
  replay.reason = in.text();
  replay.started = read_time(in);
  replay.ended = read_optional_time(in);
  ReplayOrder order;
  order.description = in.optional_text();
  order.archive = in.text();
  order.archive_id = in.number();
  order.bus = in.text();
  for (auto left = in.number(); left > 0 && in.ok(); --left) order.rules.push_back(in.text());
  order.from = read_time(in);
  order.to = read_time(in);
  order.sequences = in.number();
  if (!in.complete()) return std::nullopt;
  replay.order = std::make_shared<const ReplayOrder>(std::move(order));
  return replay;
}

std::string encode(const ReplayMark& mark) {
  store::RecordWriter out(kArchiveVersion);
  out.number(mark.events).flag(mark.last.has_value());
  if (mark.last) out.integer(ticks(mark.last->time)).number(mark.last->sequence);
  return std::move(out).take();
}

std::optional<ReplayMark> decode_mark(std::string_view bytes) {
  store::RecordReader in(bytes, kArchiveVersion);
  ReplayMark mark;
  mark.events = in.number();
  if (in.flag()) {
    const Time time = read_time(in);
    mark.last = EventPlace{time, in.number()};
  }
  if (!in.complete()) return std::nullopt;
  return mark;
}

std::string encode(const SegmentPart& part) {
  store::RecordWriter out(kArchiveVersion);
  out.number(part.events).number(part.bytes).integer(ticks(part.earliest)).integer(ticks(part.latest));
  out.number(part.sequence).integer(ticks(part.came)).flag(part.packed);
  return std::move(out).take();
}

std::optional<SegmentPart> decode_part(std::string_view bytes) {
  store::RecordReader in(bytes, kArchiveVersion);
  SegmentPart part;
  part.events = in.number();
  part.bytes = in.number();
  part.earliest = read_time(in);
  part.latest = read_time(in);
  part.sequence = in.number();
  part.came = read_time(in);
  part.packed = in.flag();
  if (!in.complete()) return std::nullopt;
  return part;
}

store::Key key_of(const Archive& archive) {
  return named(kArchiveSpace, archive.scope, archive.name);
}
store::Key key_of(const Replay& replay) {
  return named(kReplaySpace, replay.scope, replay.name);
}
store::Key mark_key_of(const Replay& replay) {
  return named(kReplayMarkSpace, replay.scope, replay.name);
}

store::Key archive_key(std::string_view space, std::uint64_t archive) {
  return store::Key(space).number(archive);
}
store::Key segment_key(std::string_view space, std::uint64_t archive, std::uint64_t segment) {
  return archive_key(space, archive).number(segment);
}
store::Key part_key(std::uint64_t archive, std::uint64_t segment, std::uint64_t writer) {
  return segment_key(kPartSpace, archive, segment).number(writer);
}
store::Key place_key(std::string_view space, std::uint64_t archive, std::uint64_t segment, const EventPlace& place) {
  return segment_key(space, archive, segment).number(to_number(place.time)).number(place.sequence);
}

std::optional<PartName> read_part_key(std::string_view key) {
  store::KeyReader reader(key);
  reader.text();
  const auto archive = reader.number();
  const auto segment = reader.number();
  const auto writer = reader.number();
  if (!archive || !segment || !writer || !reader.done()) return std::nullopt;
  return PartName{*archive, *segment, *writer};
}

std::optional<EventPlace> read_place(std::string_view key) {
  store::KeyReader reader(key);
  reader.text();
  reader.number();
  reader.number();
  const auto time = reader.number();
  const auto sequence = reader.number();
  if (!time || !sequence || !reader.done()) return std::nullopt;
  return EventPlace{to_time(*time), *sequence};
}

std::string encode_event(std::string_view text) {
  return std::move(store::RecordWriter(kArchiveVersion).text(text)).take();
}

std::optional<std::string_view> decode_event(std::string_view bytes) {
  store::RecordReader in(bytes, kArchiveVersion);
  const std::string_view text = in.text_view();
  if (!in.complete()) return std::nullopt;
  return text;
}

}  // namespace signalbox::events
