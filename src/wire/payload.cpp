#include "wire/payload.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "http/white_space.h"

namespace signalbox::wire {
namespace {

constexpr std::size_t kHexDigest = 64;
/// Longest line of the frame, and longest trailers.
constexpr std::size_t kMaxLine = 1024;
constexpr std::size_t kMaxTrailers = 4096;

std::unexpected<Error> mismatch() {
  return fail("SignatureDoesNotMatch",
              "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
              "Access Key and signing method. Consult the service documentation for details.",
              403);
}

std::unexpected<Error> incomplete() {
  return fail("IncompleteBody", "The request body terminated unexpectedly", 400);
}

std::unexpected<Error> malformed_trailer() {
  return fail(
      "MalformedTrailerError",
      "The request contained trailing data that was not well-formed or did not conform to our published schema.", 400);
}

const std::string& empty_hash() {
  static const std::string hash = to_hex(sha256(""));
  return hash;
}

}  // namespace

Result<Payload> read_payload(const http::Request& request) {
  constexpr std::string_view kSigned = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
  const std::string_view said = request.header("X-Amz-Content-Sha256");
  Payload payload;
  const bool signed_chunks = said == kSigned || said == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
  if (signed_chunks || said == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
    payload.chunked = true;
    payload.signed_chunks = signed_chunks;
    payload.trailer = said.ends_with("-TRAILER");
    const std::string_view length = request.header("X-Amz-Decoded-Content-Length");
    std::uint64_t bytes = 0;
    const auto [end, problem] = std::from_chars(length.data(), length.data() + length.size(), bytes);
    if (problem != std::errc() || end != length.data() + length.size()) {
      return fail("MissingContentLength", "You must provide the Content-Length HTTP header.", 411);
    }
    payload.decoded_length = bytes;
    if (payload.trailer && !request.header("X-Amz-Trailer").empty()) {
      payload.announced = {{ascii_lowered(http::trim(request.header("X-Amz-Trailer"))), ""}};
    }
    return payload;
  }
  if (said.empty() || said == "UNSIGNED-PAYLOAD") return payload;
  if (said.size() != kHexDigest || !from_hex(said)) {
    return fail("InvalidRequest",
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 "
                "value.",
                400);
  }
  payload.hash = ascii_lowered(said);
  return payload;
}

PayloadDecoder::PayloadDecoder(Payload payload) : payload_(std::move(payload)) {
  if (!payload_.signed_chunks) payload_.key.reset();
  if (payload_.key) previous_ = payload_.key->seed;
  if (!payload_.hash.empty()) hash_.emplace(ChecksumKind::kSha256);
}

Result<void> PayloadDecoder::take(std::string_view in, std::string& out) {
  if (!payload_.chunked) {
    if (hash_) hash_->update(in);
    out += in;
    return {};
  }
  while (!in.empty()) {
    if (at_ == At::kEnd) return malformed_trailer();
    if (at_ == At::kData) {
      const std::string_view data = in.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size())));
      if (hash_) hash_->update(data);
      out += data;
      in.remove_prefix(data.size());
      left_ -= data.size();
      decoded_ += data.size();
      if (left_ == 0) at_ = At::kDataEnd;
      continue;
    }
    const auto end = in.find('\n');
    line_ += in.substr(0, end);
    if (line_.size() > kMaxLine) return incomplete();
    if (end == std::string_view::npos) return {};
    in.remove_prefix(end + 1);
    if (!line_.ends_with('\r')) return incomplete();
    line_.pop_back();
    Result<void> done = take_line(line_);
    if (!done) return done;
    line_.clear();
  }
  return {};
}

Result<void> PayloadDecoder::take_line(std::string_view line) {
  switch (at_) {
    case At::kSize:
      return begin_chunk(line);
    case At::kDataEnd:
      if (!line.empty()) return incomplete();
      return end_chunk();
    default:
      return take_trailer(line);
  }
}

Result<void> PayloadDecoder::begin_chunk(std::string_view line) {
  constexpr std::string_view kMark = ";chunk-signature=";
  const auto extension = std::min(line.find(';'), line.size());
  std::uint64_t size = 0;
  const auto [end, problem] = std::from_chars(line.data(), line.data() + extension, size, 16);
  if (problem != std::errc() || end != line.data() + extension) return incomplete();
  if (payload_.decoded_length && size > *payload_.decoded_length - decoded_) return incomplete();
  if (payload_.signed_chunks) {
    if (!line.substr(extension).starts_with(kMark)) return incomplete();
    given_ = line.substr(extension + kMark.size());
    if (payload_.key) hash_.emplace(ChecksumKind::kSha256);
  }
  left_ = size;
  last_ = size == 0;
  at_ = At::kData;
  if (!last_) return {};
  Result<void> done = end_chunk();
  if (!done) return done;
  at_ = At::kTrailer;
  return {};
}

Result<void> PayloadDecoder::end_chunk() {
  at_ = At::kSize;
  if (!payload_.key) return {};
  const ChunkKey& key = *payload_.key;
  const std::string to_sign = "AWS4-HMAC-SHA256-PAYLOAD\n" + key.amz_date + "\n" + key.scope + "\n" + previous_ + "\n" +
                              empty_hash() + "\n" + to_hex(hash_->digest());
  hash_.reset();
  previous_ = to_hex(hmac_sha256(as_bytes(key.key), to_sign));
  if (!equal_in_constant_time(previous_, given_)) return mismatch();
  return {};
}

Result<void> PayloadDecoder::take_trailer(std::string_view line) {
  if (line.empty()) {
    at_ = At::kEnd;
    return {};
  }
  trailer_bytes_ += line.size();
  const auto colon = line.find(':');
  if (!payload_.trailer || colon == std::string_view::npos || trailer_bytes_ > kMaxTrailers) return malformed_trailer();
  std::string name = ascii_lowered(http::trim(line.substr(0, colon)));
  const std::string_view value = http::trim(line.substr(colon + 1));
  if (name == "x-amz-trailer-signature") {
    trailer_signature_ = value;
  } else {
    trailers_.emplace_back(std::move(name), value);
  }
  return {};
}

Result<void> PayloadDecoder::end_trailers() {
  for (const auto& [name, none] : payload_.announced) {
    if (std::ranges::find(trailers_, name, &std::pair<std::string, std::string>::first) == trailers_.end()) {
      return malformed_trailer();
    }
  }
  if (!payload_.trailer || !payload_.key) return {};
  std::string fields;
  for (const auto& [name, value] : trailers_) fields.append(name).append(":").append(value).append("\n");
  const ChunkKey& key = *payload_.key;
  const std::string to_sign =
      "AWS4-HMAC-SHA256-TRAILER\n" + key.amz_date + "\n" + key.scope + "\n" + previous_ + "\n" + to_hex(sha256(fields));
  if (!equal_in_constant_time(to_hex(hmac_sha256(as_bytes(key.key), to_sign)), trailer_signature_)) return mismatch();
  return {};
}

Result<void> PayloadDecoder::finish() {
  if (!payload_.chunked) {
    if (hash_ && to_hex(hash_->digest()) != payload_.hash) {
      return fail("XAmzContentSHA256Mismatch",
                  "The provided 'x-amz-content-sha256' header does not match what was computed.", 400);
    }
    return {};
  }
  // Some clients leave out the empty line behind the last chunk or the trailers.
  const bool ended = at_ == At::kEnd || (at_ == At::kTrailer && line_.empty());
  if (!ended || decoded_ != payload_.decoded_length.value_or(decoded_)) return incomplete();
  return end_trailers();
}

}  // namespace signalbox::wire
