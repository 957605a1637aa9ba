// Frames and chunks there and back, and broken ones.

#include "services/logs/chunk.h"

#include <gtest/gtest.h>

namespace signalbox::logs {
namespace {

TEST(Frame, ThereAndBack) {
  FrameWriter writer(7, 1000, 3);
  writer.add(5, "a");
  writer.add(9, std::string("b\0c", 3));
  writer.add(9, "");
  const std::string bytes = std::move(writer).take();
  FrameReader reader(bytes, 40);
  EXPECT_EQ(reader.stream(), 7U);
  EXPECT_EQ(reader.count(), 3U);
  std::vector<std::string> seen;
  while (const auto event = reader.next()) {
    seen.push_back(std::to_string(event->at.time) + "/" + std::to_string(event->at.number) + "/" +
                   std::to_string(event->ingested) + "/" + std::string(event->message));
  }
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(seen, (std::vector<std::string>{"5/40/1000/a", "9/41/1000/" + std::string("b\0c", 3), "9/42/1000/"}));
}

MadeChunk example() {
  return make_chunk(
      3, {{{50, 12}, 60, 9, "third"}, {{-4, 13}, 61, 2, "first"}, {{50, 11}, 60, 2, ""}, {{90, 1}, 59, 4000, "last"}});
}

TEST(Chunk, ThereAndBack) {
  const MadeChunk made = example();
  const auto info = store::decode<ChunkInfo>(store::encode(made.info));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->min_time, -4);
  EXPECT_EQ(info->max_time, 90);
  EXPECT_EQ(info->count, 4U);
  EXPECT_EQ(info->bytes, 14U + 4 * kEventOverhead);
  EXPECT_EQ(info->stream_ids(), (std::vector<std::uint32_t>{2, 9, 4000}));
  EXPECT_TRUE(info->has_stream(9));
  EXPECT_FALSE(info->has_stream(3));
  EXPECT_FALSE(info->has_stream(4001));
  Chunk chunk;
  ASSERT_TRUE(read_chunk_columns(made.bytes, chunk));
  ASSERT_TRUE(read_chunk_text(made.bytes, chunk));
  ASSERT_EQ(chunk.size(), 4U);
  EXPECT_EQ(chunk.positions, (std::vector<Position>{{-4, 13}, {50, 11}, {50, 12}, {90, 1}}));
  EXPECT_EQ(chunk.ingested, (std::vector<std::int64_t>{61, 60, 60, 59}));
  EXPECT_EQ(chunk.message(0), "first");
  EXPECT_EQ(chunk.message(1), "");
  EXPECT_EQ(chunk.message(2), "third");
  EXPECT_EQ(chunk.message(3), "last");
  EXPECT_EQ(chunk.dictionary[chunk.streams[3]], 4000U);
  EXPECT_EQ(chunk.whole_text(), "firstthirdlast");
}

TEST(Chunk, BrokenBytesAreErrors) {
  const std::string bytes = example().bytes;
  Chunk chunk;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(read_chunk_columns(bytes.substr(0, i), chunk)) << i;
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x55);
    if (read_chunk_columns(changed, chunk) && read_chunk_text(changed, chunk)) {
      for (std::size_t j = 0; j < chunk.size(); ++j) EXPECT_LE(chunk.ends[j], chunk.whole_text().size());
    }
  }
  FrameWriter writer(1, 1, 2);
  writer.add(1, "abc");
  const std::string frame = std::move(writer).take();
  FrameReader reader(frame, 0);
  EXPECT_TRUE(reader.next());
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace signalbox::logs
