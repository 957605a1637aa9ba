// A connection of HTTP/2 behind its preface: the first byte says where its frames are cut in two.

#include <string>

#include "http/http2.h"
#include "http_session.h"

using namespace signalbox;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view frames(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t cut = frames.size() * data[0] / 256;
  constexpr std::string_view kSettings("\0\0\0\4\0\0\0\0\0", 9);
  std::string first(http::kHttp2Preface);
  if (data[0] % 2 == 0) first += kSettings;
  first += frames.substr(0, cut);
  const std::string said = converse(first, frames.substr(cut));
  FUZZ_CHECK(said.size() >= 9 && said[3] == 4);  // SETTINGS come first
  return 0;
}
