#include "services/logs/chunk.h"

#include <zstd.h>

#include <algorithm>
#include <utility>

#include "store/record.h"

namespace signalbox::logs {
namespace {

constexpr std::uint8_t kChunkVersion = 1;
/// Level 1 compresses logs five to ten times and is read back at more than a GB a second.
constexpr int kLevel = 1;
/// No chunk is made larger than the sealing threshold and one call; what says it is larger is broken.
constexpr std::uint64_t kMaxChunkText = 64ULL * 1024 * 1024;

void put_number(std::string& out, std::uint64_t value) {
  while (value >= 0x80U) {
    out.push_back(static_cast<char>(value | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<char>(value));
}
std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

/// Reads LEB128 numbers; past the end or on broken ones gives 0 and turns bad.
class Numbers {
 public:
  explicit Numbers(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  std::uint64_t next() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; at_ != end_ && shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80U) return value;
    }
    ok_ = false;
    return 0;
  }
  bool ok() const { return ok_; }
  bool done() const { return at_ == end_; }
  std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }
  void skip(std::size_t bytes) { at_ += bytes; }

 private:
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

struct CompressionFree {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

std::string compress(std::string_view text) {
  static thread_local const std::unique_ptr<ZSTD_CCtx, CompressionFree> context(ZSTD_createCCtx());
  std::string out(ZSTD_compressBound(text.size()), '\0');
  // Errors are only of a destination that is too small, which compressBound excludes.
  out.resize(ZSTD_compressCCtx(context.get(), out.data(), out.size(), text.data(), text.size(), kLevel));
  return out;
}

/// Into the first `size` bytes of `out`, which is as long.
bool decompress(std::string_view bytes, char* out, std::size_t size) {
  static thread_local const std::unique_ptr<ZSTD_DCtx, CompressionFree> context(ZSTD_createDCtx());
  return ZSTD_decompressDCtx(context.get(), out, size, bytes.data(), bytes.size()) == size;
}

std::unexpected<Error> broken() {
  return fail("InternalFailure", "The stored log events cannot be read.", 500);
}

struct Header {
  std::uint64_t count = 0;
  std::uint64_t columns_size = 0;
  std::uint64_t text_size = 0;
  std::string_view columns;
  std::string_view text;
};

Result<Header> read_header(std::string_view bytes) {
  store::RecordReader in(bytes, kChunkVersion);
  Header header;
  header.count = in.number();
  header.columns_size = in.number();
  header.text_size = in.number();
  header.columns = in.text_view();
  header.text = in.text_view();
  const bool sane = in.complete() && header.count <= kMaxChunkText && header.columns_size <= kMaxChunkText &&
                    header.text_size <= kMaxChunkText;
  if (!sane) return broken();
  return header;
}

}  // namespace

FrameWriter::FrameWriter(std::uint32_t stream, std::int64_t ingested, std::size_t count) {
  bytes_.push_back(static_cast<char>(kChunkVersion));
  put_number(bytes_, stream);
  put_number(bytes_, zigzag(ingested));
  put_number(bytes_, count);
}

void FrameWriter::add(std::int64_t time, std::string_view message) {
  put_number(bytes_, zigzag(time - last_));
  last_ = time;
  put_number(bytes_, message.size());
  bytes_.append(message);
}

FrameReader::FrameReader(std::string_view bytes, std::uint64_t first_number) : rest_(bytes), number_(first_number) {
  ok_ = !bytes.empty() && static_cast<std::uint8_t>(bytes.front()) == kChunkVersion;
  if (!ok_) return;
  Numbers numbers(bytes.substr(1));
  stream_ = static_cast<std::uint32_t>(numbers.next());
  ingested_ = unzigzag(numbers.next());
  count_ = left_ = numbers.next();
  ok_ = numbers.ok();
  rest_ = numbers.rest();
}

std::optional<Event> FrameReader::next() {
  if (!ok_ || left_ == 0) return std::nullopt;
  Numbers numbers(rest_);
  time_ += unzigzag(numbers.next());
  const std::uint64_t size = numbers.next();
  rest_ = numbers.rest();
  ok_ = numbers.ok() && size <= rest_.size();
  if (!ok_) return std::nullopt;
  const Event event{{time_, number_}, ingested_, stream_, rest_.substr(0, size)};
  rest_.remove_prefix(size);
  --left_;
  ++number_;
  return event;
}

bool ChunkInfo::has_stream(std::uint32_t stream) const {
  std::uint64_t id_there = 0;
  for (Numbers numbers(streams); !numbers.done() && numbers.ok();) {
    id_there += numbers.next();
    if (id_there >= stream) return id_there == stream;
  }
  return false;
}

std::vector<std::uint32_t> ChunkInfo::stream_ids() const {
  std::vector<std::uint32_t> ids;
  std::uint64_t id_there = 0;
  for (Numbers numbers(streams); !numbers.done() && numbers.ok();) {
    id_there += numbers.next();
    ids.push_back(static_cast<std::uint32_t>(id_there));
  }
  return ids;
}

MadeChunk make_chunk(std::uint64_t id, std::vector<Event> events) {
  std::ranges::sort(events, {}, &Event::at);
  std::vector<std::uint32_t> dictionary;
  dictionary.reserve(events.size());
  for (const Event& event : events) dictionary.push_back(event.stream);
  std::ranges::sort(dictionary);
  dictionary.erase(std::ranges::unique(dictionary).begin(), dictionary.end());

  MadeChunk made;
  ChunkInfo& info = made.info;
  info.id = id;
  info.min_time = events.front().at.time;
  info.max_time = events.back().at.time;
  info.count = events.size();
  std::uint32_t before = 0;
  for (const std::uint32_t stream : dictionary) put_number(info.streams, stream - std::exchange(before, stream));

  std::string columns;
  std::string text;
  put_number(columns, dictionary.size());
  columns += info.streams;
  Position last;
  for (const Event& e : events) put_number(columns, zigzag(e.at.time - std::exchange(last.time, e.at.time)));
  for (const Event& e : events) {
    put_number(columns, zigzag(static_cast<std::int64_t>(e.at.number - std::exchange(last.number, e.at.number))));
  }
  std::int64_t ingested = 0;
  for (const Event& e : events) put_number(columns, zigzag(e.ingested - std::exchange(ingested, e.ingested)));
  for (const Event& e : events) {
    const auto place = std::ranges::lower_bound(dictionary, e.stream);
    put_number(columns, static_cast<std::uint64_t>(place - dictionary.begin()));
  }
  for (const Event& e : events) {
    put_number(columns, e.message.size());
    text += e.message;
    info.bytes += e.message.size() + kEventOverhead;
  }
  store::RecordWriter out(kChunkVersion);
  out.number(events.size()).number(columns.size()).number(text.size()).text(compress(columns)).text(compress(text));
  made.bytes = std::move(out).take();
  return made;
}

Result<void> read_chunk_columns(std::string_view bytes, Chunk& into) {
  const auto header = read_header(bytes);
  if (!header) return std::unexpected(header.error());
  std::string columns(header->columns_size, '\0');
  if (!decompress(header->columns, columns.data(), columns.size())) return broken();
  Numbers numbers(columns);
  const std::uint64_t distinct = numbers.next();
  if (distinct > header->count) return broken();
  into.dictionary.resize(distinct);
  std::uint64_t stream = 0;
  for (auto& one : into.dictionary) one = static_cast<std::uint32_t>(stream += numbers.next());
  into.positions.resize(header->count);
  into.ingested.resize(header->count);
  into.streams.resize(header->count);
  into.ends.resize(header->count);
  Position at;
  for (auto& one : into.positions) one.time = at.time += unzigzag(numbers.next());
  for (auto& one : into.positions) one.number = at.number += static_cast<std::uint64_t>(unzigzag(numbers.next()));
  std::int64_t ingested = 0;
  for (auto& one : into.ingested) one = ingested += unzigzag(numbers.next());
  bool sane = true;
  for (auto& one : into.streams) {
    one = static_cast<std::uint32_t>(numbers.next());
    sane = sane && one < distinct;
  }
  std::uint64_t end = 0;
  for (auto& one : into.ends) {
    end += numbers.next();
    sane = sane && end <= header->text_size;
    one = static_cast<std::uint32_t>(end);
  }
  if (!sane || end != header->text_size || !numbers.ok() || !numbers.done()) return broken();
  return {};
}

Result<void> read_chunk_text(std::string_view bytes, Chunk& into) {
  const auto header = read_header(bytes);
  if (!header) return std::unexpected(header.error());
  into.text.resize(header->text_size + Chunk::kPadding);
  std::fill_n(into.text.end() - static_cast<std::ptrdiff_t>(Chunk::kPadding), Chunk::kPadding, '\0');
  if (!decompress(header->text, into.text.data(), header->text_size)) return broken();
  return {};
}

}  // namespace signalbox::logs
