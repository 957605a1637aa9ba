// Log events at rest: frames, one a PutLogEvents call, as they arrive, and chunks, made of many frames, sorted by time,
// in columns, compressed. Why: docs/decisions/0012-log-storage.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/fields.h"

namespace signalbox::logs {

/// Where an event stands among those of its log group: by time, then in the order of arrival. Numbers are given one
/// after another as events arrive, and never again.
struct Position {
  std::int64_t time = 0;
  std::uint64_t number = 0;
  auto operator<=>(const Position&) const = default;
};

struct Event {
  Position at;
  std::int64_t ingested = 0;
  std::uint32_t stream = 0;  // StreamRecord::id
  std::string_view message;
};

/// What an event counts in AWS's limits and in storedBytes beyond its message.
inline constexpr std::size_t kEventOverhead = 26;

/// A frame's events are of one stream and arrived together; its key has the number of the first.
class FrameWriter {
 public:
  FrameWriter(std::uint32_t stream, std::int64_t ingested, std::size_t count);
  void add(std::int64_t time, std::string_view message);
  std::string take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
  std::int64_t last_ = 0;
};

/// Reads a frame event by event; messages are valid while the bytes are.
class FrameReader {
 public:
  FrameReader(std::string_view bytes, std::uint64_t first_number);
  /// Empty at the end, and on broken bytes, which ok() tells.
  std::optional<Event> next();
  std::uint32_t stream() const { return stream_; }
  std::int64_t ingested() const { return ingested_; }
  std::uint64_t count() const { return count_; }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  std::uint32_t stream_ = 0;
  std::int64_t ingested_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t left_ = 0;
  std::int64_t time_ = 0;
  bool ok_ = true;
};

/// What is known of a chunk without reading it.
struct ChunkInfo {
  static constexpr std::uint8_t kVersion = 1;
  std::uint64_t id = 0;
  std::int64_t min_time = 0;
  std::int64_t max_time = 0;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;  // messages and overhead
  std::string streams;      // ids of the streams with events in it: sorted, differences, LEB128
  bool has_stream(std::uint32_t stream) const;
  std::vector<std::uint32_t> stream_ids() const;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("min_time", self.min_time)("max_time", self.max_time)("count", self.count)("bytes", self.bytes);
    field("streams", self.streams);
  }
};

struct MadeChunk {
  ChunkInfo info;
  std::string bytes;
};
/// A chunk of these events, in any order; at least one.
MadeChunk make_chunk(std::uint64_t id, std::vector<Event> events);

/// A chunk read back: columns of the same length, sorted by position.
struct Chunk {
  /// After the text, so that readers may look further than it goes.
  static constexpr std::size_t kPadding = 64;

  std::vector<Position> positions;
  std::vector<std::int64_t> ingested;
  std::vector<std::uint32_t> streams;  // indexes of `dictionary`
  std::vector<std::uint32_t> ends;     // of the messages in `text`
  std::vector<std::uint32_t> dictionary;
  std::string text;  // and kPadding bytes

  std::size_t size() const { return positions.size(); }
  std::string_view message(std::size_t i) const {
    const std::uint32_t start = i == 0 ? 0 : ends[i - 1];
    return {text.data() + start, ends[i] - start};
  }
  std::uint32_t length(std::size_t i) const { return i == 0 ? ends[0] : ends[i] - ends[i - 1]; }
  std::string_view whole_text() const { return {text.data(), text.size() - kPadding}; }
};
/// Reuses what `into` has allocated. Errors (InternalFailure) for broken bytes. The text is read only when asked for.
Result<void> read_chunk_columns(std::string_view bytes, Chunk& into);
Result<void> read_chunk_text(std::string_view bytes, Chunk& into);

}  // namespace signalbox::logs
