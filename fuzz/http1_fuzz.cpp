// A connection of HTTP/1.1: the first byte says where its bytes are cut in two.

#include "http_session.h"

using namespace signalbox;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t cut = bytes.size() * data[0] / 256;
  const std::string said = converse(bytes.substr(0, cut), bytes.substr(cut));
  FUZZ_CHECK(said.empty() || said.starts_with("HTTP/1.1 ") || bytes.starts_with("PRI "));
  return 0;
}
