// GetObject, HeadObject, GetObjectAttributes.

#include <algorithm>

#include "base/time_text.h"
#include "services/s3/access.h"
#include "services/s3/content.h"
#include "services/s3/encryption.h"
#include "services/s3/intake.h"
#include "services/s3/lifecycle.h"
#include "services/s3/object_headers.h"

namespace signalbox::s3 {
namespace {

/// Most of a body that is handed to a caller inside this server, which takes it whole.
constexpr std::uint64_t kMaxInProcessBody = std::uint64_t{256} * 1024 * 1024;

/// Values for the answer's headers may come in the query of a signed request.
Result<void> override_header(const cloud::Call& call, const std::optional<std::string>& value,
                             std::optional<std::string>& member) {
  if (!value) return {};
  if (is_anonymous(call)) {
    return fail("InvalidRequest", "Request specific response headers cannot be used for anonymous GET requests.", 400);
  }
  if (std::ranges::any_of(*value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    return invalid_argument("Header values cannot have control characters.");
  }
  member = value;
  return {};
}

template <class In, class Out>
Result<void> override_headers(const cloud::Call& call, const In& input, Out& output) {
  Result<void> done = override_header(call, input.response_content_type, output.content_type);
  if (done) done = override_header(call, input.response_cache_control, output.cache_control);
  if (done) done = override_header(call, input.response_content_disposition, output.content_disposition);
  if (done) done = override_header(call, input.response_content_encoding, output.content_encoding);
  if (done) done = override_header(call, input.response_content_language, output.content_language);
  if (done && input.response_expires) output.expires = to_http_date(*input.response_expires);
  return done;
}

std::optional<std::string> header(const ObjectVersion& version, std::string_view name) {
  const auto found = version.headers.system.find(name);
  if (found == version.headers.system.end()) return std::nullopt;
  return found->second;
}

bool wants_checksum(const std::optional<std::string>& mode) {
  return mode && std::ranges::equal(*mode, std::string_view("enabled"), [](char a, char b) { return (a | 32) == b; });
}

template <class Out>
void describe(const Bucket& bucket, const ObjectVersion& version, Out& output) {
  output.accept_ranges = "bytes";
  output.last_modified = version.modified;
  output.e_tag = quoted_etag(version.etag);
  if (bucket.versioning != Versioning::kNever) output.version_id = version.version;
  output.content_type = header(version, "content-type");
  output.cache_control = header(version, "cache-control");
  output.content_disposition = header(version, "content-disposition");
  output.content_encoding = header(version, "content-encoding");
  output.content_language = header(version, "content-language");
  output.expires = header(version, "expires");
  if (!version.headers.metadata.empty()) output.metadata = encoded_metadata(version.headers.metadata);
  if (version.headers.storage_class != "STANDARD") output.storage_class = version.headers.storage_class;
  if (!version.headers.tags.empty()) output.tag_count = static_cast<std::int32_t>(version.headers.tags.size());
  show_encryption(output, version.sealing, version.customer_key_md5);
}

/// The part of that number: of an object that was not put in parts, the whole is its first.
Result<ByteRange> range_of_part(const ObjectVersion& version, std::int32_t number) {
  if (version.parts.empty() && number == 1) return ByteRange{0, version.size};
  ByteRange range;
  std::int32_t at = 0;
  for (const ObjectPart& part : version.parts) {
    range.length = part.size;
    if (++at == number) return range;
    range.first += part.size;
  }
  return s3_error("InvalidPartNumber", "The requested partnumber is not satisfiable", 416,
                  {{"PartNumberRequested", std::to_string(number)},
                   {"ActualPartCount", std::to_string(std::max<std::size_t>(version.parts.size(), 1))}});
}

/// What of the object is asked for; empty for all of it.
template <class In, class Out>
Result<std::optional<ByteRange>> asked_range(const In& input, const ObjectVersion& version, Out& output) {
  if (input.part_number) {
    if (input.range)
      return fail("InvalidRequest", "Cannot specify both Range header and partNumber query parameter", 400);
    Result<ByteRange> part = range_of_part(version, *input.part_number);
    if (!part) return std::unexpected(std::move(part).error());
    if (!version.parts.empty()) output.parts_count = static_cast<std::int32_t>(version.parts.size());
    return *part;
  }
  if (!input.range) return std::nullopt;
  return read_range(*input.range, version.size);
}

/// What an answer is about.
struct Looked {
  ObjectVersion version;
  ByteRange range;
  std::optional<CustomerKey> key;
};

/// What GET and HEAD have in common: finds the object and tells all but its content.
template <class In, class Out>
Result<Looked> look(Core& core, const cloud::Call& call, const In& input, Out& output, std::string_view method) {
  Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) return std::unexpected(std::move(bucket).error());
  Result<std::optional<CustomerKey>> key = customer_key_of(input);
  if (!key) return std::unexpected(std::move(key).error());
  Result<ObjectVersion> version = readable_version(core, **bucket, *input.key, input.version_id, method);
  if (!version) return std::unexpected(std::move(version).error());
  Result<void> done = check_may_open(*version, *key);
  if (!done) return std::unexpected(std::move(done).error());
  done =
      check_read_conditions({input.if_match, input.if_none_match, input.if_modified_since, input.if_unmodified_since},
                            *version, ReadFor::kAnswer, core.house.clock.now());
  if (!done) return std::unexpected(std::move(done).error());
  describe(**bucket, *version, output);
  // What is to become of a version that is named is not told.
  if (!input.version_id) output.expiration = expiration_header(**bucket, *input.key, *version);
  done = override_headers(call, input, output);
  if (!done) return std::unexpected(std::move(done).error());
  const auto asked = asked_range(input, *version, output);
  if (!asked) return std::unexpected(asked.error());
  const ByteRange range = asked->value_or(ByteRange{0, version->size});
  if (*asked && version->size != 0) {
    output.content_range = "bytes " + std::to_string(range.first) + "-" +
                           std::to_string(range.first + range.length - 1) + "/" + std::to_string(version->size);
  }
  output.content_length = static_cast<std::int64_t>(range.length);
  // Of the whole only: a client would check the part it gets against it.
  if (wants_checksum(input.checksum_mode) && range.length == version->size) show_object_checksum(output, *version);
  return Looked{*std::move(version), range, *std::move(key)};
}

Answer<model::GetObjectOutput> get_object(Core& core, const cloud::Call& call, model::GetObjectRequest input) {
  model::GetObjectOutput output;
  const Result<Looked> looked = look(core, call, input, output, "GET");
  if (!looked) co_return std::unexpected(looked.error());
  const ByteRange range = looked->range;
  auto content = open_content(core, *input.bucket, *input.key, looked->version, range, looked->key);
  if (content && !looked->version.is_inline && range.length != 0)
    content = co_await with_first_piece(*std::move(content));
  if (!content) {
    // It may have been replaced between the two looks.
    const auto again = newest(core, *input.bucket, *input.key);
    if (!again || !*again || (*again)->sequence == looked->version.sequence || input.version_id) {
      core.house.log.error("an object cannot be read", {{"bucket", *input.bucket}, {"key", *input.key}});
      co_return std::unexpected(std::move(content).error());
    }
    co_return co_await get_object(core, call, std::move(input));
  }
  if (call.streams != nullptr) {
    call.streams->response = *std::move(content);
    co_return output;
  }
  if (range.length > kMaxInProcessBody) co_return fail("EntityTooLarge", "The object is too large.", 400);
  Result<std::string> whole = co_await http::read_whole(**content, kMaxInProcessBody);
  if (!whole) co_return std::unexpected(std::move(whole).error());
  output.body = *std::move(whole);
  co_return output;
}

Answer<model::HeadObjectOutput> head_object(Core& core, const cloud::Call& call, model::HeadObjectRequest input) {
  model::HeadObjectOutput output;
  const Result<Looked> looked = look(core, call, input, output, "HEAD");
  if (!looked) co_return std::unexpected(looked.error());
  co_return output;
}

void show_parts(const model::GetObjectAttributesRequest& input, const ObjectVersion& version,
                model::GetObjectAttributesOutput& output) {
  constexpr std::int32_t kMostParts = 1000;
  const std::int32_t after = input.part_number_marker.value_or(0);
  const std::int32_t most = std::min(input.max_parts.value_or(kMostParts), kMostParts);
  model::GetObjectAttributesParts& shown = output.object_parts.emplace();
  shown.total_parts_count = static_cast<std::int32_t>(version.parts.size());
  // The parts themselves are told of uploads that were made with checksums.
  if (std::ranges::all_of(version.parts, [](const ObjectPart& part) { return part.digest.empty(); })) return;
  shown.part_number_marker = after;
  shown.max_parts = most;
  shown.is_truncated = false;
  for (const ObjectPart& part : version.parts) {
    if (static_cast<std::int32_t>(part.number) <= after) continue;
    if (!shown.parts) shown.parts.emplace();
    if (static_cast<std::int32_t>(shown.parts->size()) == most) {
      shown.is_truncated = true;
      break;
    }
    model::ObjectPart& one = shown.parts->emplace_back();
    one.part_number = static_cast<std::int32_t>(part.number);
    one.size = static_cast<std::int64_t>(part.size);
    if (version.checksum && !part.digest.empty()) {
      show_checksum(one, version.checksum->kind, checksum_text({version.checksum->kind, part.digest, false}, 0));
    }
    shown.next_part_number_marker = one.part_number;
  }
}

Answer<model::GetObjectAttributesOutput> get_attributes(Core& core, const cloud::Call&,
                                                        model::GetObjectAttributesRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  Result<std::optional<CustomerKey>> key = customer_key_of(input);
  if (!key) co_return std::unexpected(std::move(key).error());
  const Result<ObjectVersion> version = readable_version(core, **bucket, *input.key, input.version_id);
  if (!version) co_return std::unexpected(version.error());
  Result<void> done = check_may_open(*version, *key);
  if (!done) co_return std::unexpected(std::move(done).error());
  static constexpr std::string_view kKnown[] = {"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"};
  for (const std::string& wanted : *input.object_attributes) {
    if (std::ranges::find(kKnown, wanted) != std::end(kKnown)) continue;
    co_return invalid_argument("Invalid attribute name specified.", "x-amz-object-attributes", wanted);
  }
  model::GetObjectAttributesOutput output;
  output.last_modified = version->modified;
  if ((*bucket)->versioning != Versioning::kNever) output.version_id = version->version;
  for (const std::string& wanted : *input.object_attributes) {
    if (wanted == "ETag") output.e_tag = version->etag;
    if (wanted == "ObjectSize") output.object_size = static_cast<std::int64_t>(version->size);
    if (wanted == "StorageClass") output.storage_class = version->headers.storage_class;
    if (wanted == "Checksum" && version->checksum) show_object_checksum(output.checksum.emplace(), *version);
    if (wanted == "ObjectParts" && !version->parts.empty()) show_parts(input, *version, output);
  }
  co_return output;
}

}  // namespace

void register_get_operations(Core& core) {
  const auto may_read = on_object(core, "s3:GetObject", "s3:GetObjectVersion", "READ");
  serve(core, model::kGetObject, may_read, [&core](const cloud::Call& call, model::GetObjectRequest input) {
    return get_object(core, call, std::move(input));
  });
  serve(core, model::kHeadObject, may_read, [&core](const cloud::Call& call, model::HeadObjectRequest input) {
    return head_object(core, call, std::move(input));
  });
  serve(core, model::kGetObjectAttributes, may_read,
        [&core](const cloud::Call& call, model::GetObjectAttributesRequest input) {
          return get_attributes(core, call, std::move(input));
        });
}

}  // namespace signalbox::s3
