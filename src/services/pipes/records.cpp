#include "json/json.h"
#include "services/pipes/pipe.h"
#include "store/record.h"
#include "wire/json_codec.h"

namespace signalbox::pipes {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

store::Key pipe_key(const PipeName& name) {
  return store::Key(kPipeSpace).text(name.scope.account).text(name.scope.region).text(name.name);
}

// The settings are kept as the request that would make the pipe: in the words of the API, which are many and grow.
std::string encode(const PipeRecord& record) {
  std::string settings;
  json::Writer writer(settings);
  wire::write_json(writer, *model::kCreatePipe.operation->input, &record.request);
  store::RecordWriter out(kVersion);
  out.number(record.id).integer(record.created.time_since_epoch().count());
  out.integer(record.modified.time_since_epoch().count()).flag(record.desired_running).text(settings);
  return std::move(out).take();
}

std::optional<PipeRecord> decode_pipe(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  PipeRecord record;
  record.id = in.number();
  record.created = Time(Duration(in.integer()));
  record.modified = Time(Duration(in.integer()));
  record.desired_running = in.flag();
  const std::string settings = in.text();
  if (!in.complete()) return std::nullopt;
  json::Document document;
  const auto root = document.parse(settings);
  if (!root || !wire::read_json(*model::kCreatePipe.operation->input, *root, &record.request)) return std::nullopt;
  return record;
}

store::Key position_key(std::uint64_t pipe, std::uint64_t stream, std::uint32_t shard) {
  return store::Key(kPositionSpace).number(pipe).number(stream).number(shard);
}

std::string encode(const Position& position) {
  return std::move(store::RecordWriter(kVersion).number(position.place).flag(position.finished)).take();
}

std::optional<Position> decode_position(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  Position position;
  position.place = in.number();
  position.finished = in.flag();
  if (!in.complete()) return std::nullopt;
  return position;
}

}  // namespace signalbox::pipes
