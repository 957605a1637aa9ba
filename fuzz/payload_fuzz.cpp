// Chunked bodies and their trailers, in pieces: the first byte says what kind and how large the pieces are.

#include <string>
#include <string_view>

#include "check.h"
#include "wire/payload.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace signalbox;
  if (size < 2) return 0;
  wire::Payload payload;
  payload.chunked = true;
  payload.trailer = (data[0] & 1) != 0;
  payload.signed_chunks = (data[0] & 2) != 0;
  payload.decoded_length = data[1];
  if ((data[0] & 4) != 0) payload.key = wire::ChunkKey{{}, "20260101T000000Z", "20260101/r/s3/aws4_request", "seed"};
  const std::size_t step = 1 + (data[0] >> 3);
  std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);

  const auto decode = [&](std::size_t piece) {
    wire::PayloadDecoder decoder(payload);
    std::string out;
    bool good = true;
    for (std::string_view in = rest; good && !in.empty(); in.remove_prefix(std::min(piece, in.size()))) {
      good = decoder.take(in.substr(0, piece), out).has_value();
    }
    good = good && decoder.finish().has_value();
    return good ? "1" + out : "0";
  };
  // Pieces make no difference, and no more comes out than was said.
  const std::string whole = decode(rest.size() + 1);
  FUZZ_CHECK(whole == decode(step));
  FUZZ_CHECK(whole.size() <= 1 + *payload.decoded_length);
  return 0;
}
