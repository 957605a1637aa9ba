#include "services/s3/intake.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace signalbox::s3 {
namespace {

constexpr std::array<std::pair<std::string_view, ChecksumKind>, 5> kKinds = {{{"CRC32", ChecksumKind::kCrc32},
                                                                              {"CRC32C", ChecksumKind::kCrc32c},
                                                                              {"CRC64NVME", ChecksumKind::kCrc64Nvme},
                                                                              {"SHA1", ChecksumKind::kSha1},
                                                                              {"SHA256", ChecksumKind::kSha256}}};
constexpr std::string_view kTrailerPrefix = "x-amz-checksum-";

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~32) : c; });
  return out;
}

std::optional<std::string> trailing_digest(const http::BodyReader& body, ChecksumKind kind) {
  for (const auto& [name, value] : body.trailers()) {
    if (name.starts_with(kTrailerPrefix) && checksum_kind(upper(name.substr(kTrailerPrefix.size()))) == kind) {
      return value;
    }
  }
  return std::nullopt;
}

Result<void> check_digests(const Content& content, const Expected& expected) {
  if (expected.md5) {
    const auto given = from_base64(*expected.md5);
    if (!given || given->size() != content.md5.size()) {
      return s3_error("InvalidDigest", "The Content-MD5 you specified was invalid.", 400,
                      {{"Content-MD5", *expected.md5}});
    }
    if (*given != content.md5) {
      return s3_error("BadDigest", "The Content-MD5 you specified did not match what we received.", 400,
                      {{"ExpectedDigest", *expected.md5}, {"CalculatedDigest", to_base64(content.md5)}});
    }
  }
  if (expected.digest) {
    const std::string name(name_of(content.kind));
    const auto given = from_base64(*expected.digest);
    if (!given || given->size() != content.digest.size()) {
      return fail("InvalidRequest", "Value for x-amz-checksum-" + small_name_of(content.kind) + " header is invalid.",
                  400);
    }
    if (*given != content.digest) {
      return fail("BadDigest", "The " + name + " you specified did not match the calculated checksum.", 400);
    }
  }
  return {};
}

std::unexpected<Error> too_large() {
  return fail("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400);
}

/// Reads all of it: into `content.bytes` while it is small, then into a blob.
Answer<void> read_all(Core& core, http::BodyReader& body, const Expected& expected, std::vector<Checksum>& sums,
                      Content& content) {
  std::unique_ptr<Blobs::Writer> writer;
  const bool small_inline = expected.small_inline;
  const std::size_t inline_limit = small_inline ? kMaxInline : 0;
  for (;;) {
    const Result<std::string_view> piece = co_await body.read();
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) break;
    content.size += piece->size();
    if (content.size > kMaxPutBytes) co_return too_large();
    if (!writer && content.size <= inline_limit) {
      for (Checksum& sum : sums) sum.update(*piece);
      content.bytes += *piece;
      continue;
    }
    if (!writer) {
      writer = core.blobs.write(content_key(expected.key));
      std::vector<Checksum> none;  // these bytes are summed already
      Result<void> begun = co_await writer->write(content.bytes, none);
      if (!begun) co_return begun;
      content.bytes = {};
    }
    Result<void> written = co_await writer->write(*piece, sums);
    if (!written) co_return written;
  }
  content.is_inline = !writer && small_inline;
  if (content.is_inline) {
    content.bytes = seal_content(content_key(expected.key).value_or(core.blobs.key()), content.bytes);
    co_return Result<void>();
  }
  if (!writer) writer = core.blobs.write(content_key(expected.key));
  Result<std::string> id = co_await writer->finish();
  if (!id) co_return std::unexpected(std::move(id).error());
  content.kept.add(*id);
  content.segments.push_back({*std::move(id), 0, content.size});
  co_return Result<void>();
}

}  // namespace

Result<void> check_length(const cloud::Call& call, const std::optional<std::int64_t>& said) {
  const http::BodyReader* const body = call.streams == nullptr ? nullptr : call.streams->request;
  const bool in_chunks = call.signing && call.signing->content.starts_with("STREAMING-");
  if (body == nullptr || said || in_chunks || body->length() != 0) return {};
  return fail("MissingContentLength", "You must provide the Content-Length HTTP header.", 411);
}

std::optional<ChecksumKind> trailing_kind(const http::BodyReader& body) {
  for (const auto& [name, value] : body.trailers()) {
    if (name.starts_with(kTrailerPrefix)) return checksum_kind(upper(name.substr(kTrailerPrefix.size())));
  }
  return std::nullopt;
}

std::string_view name_of(ChecksumKind kind) {
  for (const auto& [name, known] : kKinds) {
    if (known == kind) return name;
  }
  return "MD5";
}

std::string small_name_of(ChecksumKind kind) {
  std::string name(name_of(kind));
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
  return name;
}

Result<ChecksumKind> checksum_algorithm(std::string_view name) {
  if (const auto kind = checksum_kind(upper(name))) return *kind;
  static constexpr std::string_view kOthers[] = {"SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128"};
  if (std::ranges::find(kOthers, upper(name)) != std::end(kOthers)) {
    return not_implemented("the checksum algorithm " + std::string(name));
  }
  return fail(
      "InvalidRequest",
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, "
      "CRC64NVME, SHA1, SHA256]",
      400);
}

std::optional<ChecksumKind> checksum_kind(std::string_view name) {
  for (const auto& [known, kind] : kKinds) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

Result<Expected> expected_of(std::optional<std::string> md5, const std::optional<std::string>& algorithm,
                             std::vector<std::pair<std::string_view, std::optional<std::string>>> digests) {
  Expected expected;
  expected.md5 = std::move(md5);
  if (algorithm) {
    const Result<ChecksumKind> kind = checksum_algorithm(*algorithm);
    if (!kind) return std::unexpected(kind.error());
    expected.kind = *kind;
    expected.announced = true;
  }
  for (auto& [name, digest] : digests) {
    if (!digest) continue;
    const auto kind = checksum_kind(name);
    if (!kind) return not_implemented("the checksum algorithm " + std::string(name));
    if (expected.digest) {
      return fail("InvalidRequest",
                  "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.", 400);
    }
    if (expected.announced && expected.kind != kind) {
      return fail("InvalidRequest", "Value for x-amz-sdk-checksum-algorithm header is invalid.", 400);
    }
    expected.kind = kind;
    expected.digest = std::move(digest);
  }
  return expected;
}

std::string checksum_text(const ObjectChecksum& checksum, std::size_t parts) {
  std::string text = to_base64(checksum.digest);
  if (checksum.composite) text += "-" + std::to_string(parts);
  return text;
}

Answer<Content> take_in(Core& core, http::BodyReader& body, Expected expected) {
  if (body.length().value_or(0) > kMaxPutBytes) co_return too_large();
  const auto trailing = expected.digest ? std::nullopt : trailing_kind(body);
  if (trailing) expected.kind = trailing;
  if (expected.announced && !expected.digest && !trailing) {
    co_return fail(
        "InvalidRequest",
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers "
        "were found.",
        400);
  }
  Content content(core.blobs);
  content.kind = expected.kind.value_or(ChecksumKind::kCrc64Nvme);
  std::vector<Checksum> sums;
  sums.emplace_back(ChecksumKind::kMd5);
  sums.emplace_back(content.kind);
  if (expected.also && *expected.also != content.kind) sums.emplace_back(*expected.also);
  Result<void> read = co_await read_all(core, body, expected, sums, content);
  if (!read) co_return std::unexpected(std::move(read).error());
  content.md5 = sums[0].digest();
  content.digest = sums[1].digest();
  if (expected.also) content.also = sums.size() > 2 ? sums[2].digest() : content.digest;
  if (trailing) {
    expected.digest = trailing_digest(body, *trailing);
    if (!expected.digest) {
      co_return fail("MalformedTrailerError", "The trailer that x-amz-trailer announced did not come.", 400);
    }
  }
  Result<void> checked = check_digests(content, expected);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  co_return content;
}

}  // namespace signalbox::s3
