#include "base/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <climits>

namespace signalbox {
namespace {

/// zlib's window bits for gzip with the largest window.
constexpr int kGzip = 15 + 16;
constexpr std::size_t kStep = 64 * 1024;

Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib does not write to its input
}

}  // namespace

std::optional<std::string> gunzip(std::string_view compressed, std::size_t most) {
  z_stream stream{};
  if (compressed.size() > UINT_MAX || inflateInit2(&stream, kGzip) != Z_OK) return std::nullopt;
  stream.next_in = bytes_of(compressed);
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string text;
  int state = Z_OK;
  while (state == Z_OK && text.size() <= most) {
    const std::size_t before = text.size();
    text.resize(before + kStep);
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + before);
    stream.avail_out = kStep;
    state = inflate(&stream, Z_NO_FLUSH);
    text.resize(text.size() - stream.avail_out);
  }
  const bool whole = state == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  if (!whole || text.size() > most) return std::nullopt;
  return text;
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
  std::string compressed;
  int state = Z_OK;
  while (state == Z_OK) {
    const auto step = static_cast<uInt>(std::min<std::size_t>(text.size(), UINT_MAX));
    if (stream.avail_in == 0) {
      stream.next_in = bytes_of(text);
      stream.avail_in = step;
      text.remove_prefix(step);
    }
    const std::size_t before = compressed.size();
    compressed.resize(before + kStep);
    stream.next_out = reinterpret_cast<Bytef*>(compressed.data() + before);
    stream.avail_out = kStep;
    state = deflate(&stream, text.empty() ? Z_FINISH : Z_NO_FLUSH);
    compressed.resize(compressed.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  return compressed;
}

}  // namespace signalbox
