// How a request's body is framed and signed, as x-amz-content-sha256 says, and taking it out of that frame piece by
// piece ("Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks" and "...
// Including Trailing Headers" in the Amazon S3 API Reference).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/checksum.h"
#include "base/encoding.h"
#include "base/result.h"
#include "http/body.h"
#include "http/message.h"

namespace signalbox::wire {

/// What each chunk's signature is made with.
struct ChunkKey {
  Sha256Digest key{};
  std::string amz_date;
  std::string scope;
  std::string seed;  // the request's own signature
};

struct Payload {
  bool chunked = false;        // aws-chunked
  bool signed_chunks = false;  // each with a signature
  bool trailer = false;        // fields behind the last chunk
  std::string hash;            // SHA-256 of the whole in hexadecimal; "" for none
  std::optional<std::uint64_t> decoded_length;
  std::optional<ChunkKey> key;  // where signatures are checked
  http::Fields announced;       // of the trailer: names, without values

  /// Whether the bytes are the content as they are, and nothing is to be checked.
  bool plain() const { return !chunked && hash.empty(); }
};

/// Errors: InvalidRequest for what x-amz-content-sha256 cannot be.
Result<Payload> read_payload(const http::Request& request);

/// Undoes the frame, checking what there is to check as it goes: an error means that nothing of the body counts.
/// Takes pieces of any size; keeps no more than a line of the frame.
class PayloadDecoder {
 public:
  explicit PayloadDecoder(Payload payload);

  /// Appends to `out` the content that `in` holds. Errors: IncompleteBody, SignatureDoesNotMatch,
  /// InvalidChunkSizeError, MalformedTrailerError.
  Result<void> take(std::string_view in, std::string& out);
  /// To be called at the end of the body. Errors: those, and XAmzContentSHA256Mismatch.
  Result<void> finish();
  /// Known after finish(): names in lower case.
  const http::Fields& trailers() const { return trailers_; }
  const Payload& payload() const { return payload_; }

 private:
  enum class At : std::uint8_t { kSize, kData, kDataEnd, kTrailer, kEnd };

  Result<void> take_line(std::string_view line);
  Result<void> begin_chunk(std::string_view line);
  Result<void> end_chunk();
  Result<void> take_trailer(std::string_view line);
  Result<void> end_trailers();

  Payload payload_;
  At at_ = At::kSize;
  std::string line_;
  std::uint64_t left_ = 0;     // of the chunk
  std::uint64_t decoded_ = 0;  // so far
  bool last_ = false;
  std::string given_;     // signature of the chunk
  std::string previous_;  // signature before it
  std::optional<Checksum> hash_;
  http::Fields trailers_;
  std::size_t trailer_bytes_ = 0;
  std::string trailer_signature_;
};

}  // namespace signalbox::wire
