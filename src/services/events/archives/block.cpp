#include "services/events/archives/block.h"

#include <zstd.h>

#include "store/record.h"

namespace signalbox::events {
namespace {

constexpr std::uint8_t kBlockVersion = 1;
constexpr int kLevel = 3;
/// No block that was ever written is larger: a broken one must not take all memory.
constexpr std::uint64_t kMaxBlock = 64 * 1024 * 1024;

}  // namespace

std::string pack_block(std::span<const ArchivedEvent> events) {
  store::RecordWriter plain(kBlockVersion);
  plain.number(events.size());
  for (const ArchivedEvent& event : events) {
    plain.integer(event.place.time.time_since_epoch().count()).number(event.place.sequence).text(event.text);
  }
  const std::string& all = plain.bytes();
  std::string packed(ZSTD_compressBound(all.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), all.data(), all.size(), kLevel));
  return std::move(store::RecordWriter(kBlockVersion).number(all.size()).text(packed)).take();
}

std::optional<std::vector<ArchivedEvent>> unpack_block(std::string_view bytes) {
  store::RecordReader record(bytes, kBlockVersion);
  const std::uint64_t size = record.number();
  const std::string_view packed = record.text_view();
  if (!record.complete() || size > kMaxBlock) return std::nullopt;
  std::string all(size, '\0');
  if (ZSTD_decompress(all.data(), all.size(), packed.data(), packed.size()) != size) return std::nullopt;
  store::RecordReader in(all, kBlockVersion);
  std::vector<ArchivedEvent> events;
  for (auto left = in.number(); left > 0 && in.ok(); --left) {
    ArchivedEvent& event = events.emplace_back();
    event.place.time = Time(Duration(in.integer()));
    event.place.sequence = in.number();
    event.text = in.text();
  }
  if (!in.complete()) return std::nullopt;
  return events;
}

}  // namespace signalbox::events
