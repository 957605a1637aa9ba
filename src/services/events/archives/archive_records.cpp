#include "services/events/archives/archive_records.h"

#include "store/record.h"

namespace signalbox::events {
namespace {

constexpr std::uint8_t kEventVersion = 1;

std::int64_t ticks(Time time) {
  return time.time_since_epoch().count();
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
  return std::move(store::RecordWriter(kEventVersion).text(text)).take();
}

std::optional<std::string_view> decode_event(std::string_view bytes) {
  store::RecordReader in(bytes, kEventVersion);
  const std::string_view text = in.text_view();
  if (!in.complete()) return std::nullopt;
  return text;
}

}  // namespace signalbox::events
