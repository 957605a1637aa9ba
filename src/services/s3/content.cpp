#include "services/s3/content.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/time_text.h"
#include "services/s3/object_headers.h"
#include "services/s3/versions.h"

namespace signalbox::s3 {
namespace {

/// What is beyond 64 bits is the greatest number: beyond every object.
std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  if (problem == std::errc::result_out_of_range) return std::numeric_limits<std::uint64_t>::max();
  if (problem != std::errc()) return std::nullopt;
  return value;
}

std::unexpected<Error> with_headers(std::string code, std::string message, int status, http::Fields elements,
                                    http::Fields headers) {
  auto details = std::make_shared<ErrorDetails>();
  details->elements = std::move(elements);
  details->headers = std::move(headers);
  return std::unexpected(Error{std::move(code), std::move(message), status, std::move(details)});
}

}  // namespace

Result<std::optional<ByteRange>> read_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return std::nullopt;
  header.remove_prefix(kUnit.size());
  const auto dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) return std::nullopt;
  const std::string_view from = header.substr(0, dash);
  const std::string_view to = header.substr(dash + 1);
  const auto first = number(from);
  const auto last = number(to);
  if ((!from.empty() && !first) || (!to.empty() && !last) || (!first && !last)) return std::nullopt;
  if (first && last && *last < *first) return std::nullopt;
  const bool outside = first ? *first >= size : *last == 0 || size == 0;
  if (outside) {
    return s3_error(
        "InvalidRange", "The requested range is not satisfiable", 416,
        {{"RangeRequested", std::string(kUnit) + std::string(header)}, {"ActualObjectSize", std::to_string(size)}});
  }
  if (!first) {
    const std::uint64_t length = std::min(*last, size);
    return ByteRange{size - length, length};
  }
  const std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
  return ByteRange{*first, end - *first + 1};
}

std::vector<Segment> cut(const std::vector<Segment>& segments, const ByteRange& range) {
  std::vector<Segment> out;
  std::uint64_t skip = range.first;
  std::uint64_t left = range.length;
  for (const Segment& segment : segments) {
    if (left == 0) break;
    if (skip >= segment.length) {
      skip -= segment.length;
      continue;
    }
    const std::uint64_t length = std::min(segment.length - skip, left);
    out.push_back({segment.blob, segment.offset + skip, length});
    left -= length;
    skip = 0;
  }
  return out;
}

namespace {

/// A reader whose first piece has been read already.
class BegunBody final : public http::BodyReader {
 public:
  BegunBody(std::unique_ptr<http::BodyReader> rest, std::string_view first) : rest_(std::move(rest)), first_(first) {}

  std::optional<std::uint64_t> length() const override { return rest_->length(); }
  asio::awaitable<Result<std::string_view>> read() override {
    if (!first_.empty()) co_return std::exchange(first_, {});
    co_return co_await rest_->read();
  }

 private:
  std::unique_ptr<http::BodyReader> rest_;
  std::string_view first_;  // in the reader, until it is asked again
};

}  // namespace

Answer<std::unique_ptr<http::BodyReader>> with_first_piece(std::unique_ptr<http::BodyReader> content) {
  const Result<std::string_view> first = co_await content->read();
  if (!first) co_return std::unexpected(first.error());
  co_return std::make_unique<BegunBody>(std::move(content), *first);
}

Result<std::unique_ptr<http::BodyReader>> open_content(Core& core, std::string_view bucket, std::string_view key,
                                                       const ObjectVersion& version, const ByteRange& range,
                                                       const std::optional<CustomerKey>& customer_key) {
  if (!version.is_inline) return core.blobs.read(cut(version.segments, range), content_key(customer_key));
  auto bytes = core.house.store.get(bytes_key(bucket, key, version.sequence));
  if (!bytes) return std::unexpected(std::move(bytes).error());
  std::optional<std::string> content = *std::move(bytes);
  if (content && version.sealing != Sealing::kNone) {
    content = open_sealed_content(content_key(customer_key).value_or(core.blobs.key()), *content);
    if (!content) {
      core.house.log.error("the content of an object is damaged",
                           {{"bucket", std::string(bucket)}, {"key", std::string(key)}});
      return fail("InternalError", "We encountered an internal error. Please try again.", 500);
    }
  }
  if (!content || content->size() != version.size) {
    return fail("InternalError", "The content of the object " + std::string(key) + " is gone.", 500);
  }
  if (range.length == version.size) return std::make_unique<http::MemoryBody>(*std::move(content));
  return std::make_unique<http::MemoryBody>(
      content->substr(static_cast<std::size_t>(range.first), static_cast<std::size_t>(range.length)));
}

Result<void> check_read_conditions(const ReadConditions& conditions, const ObjectVersion& version, ReadFor purpose,
                                   Time now) {
  const auto failed = [&](std::string_view condition) -> Result<void> {
    return precondition_failed((purpose == ReadFor::kCopy ? "x-amz-copy-source-" : "") + std::string(condition));
  };
  const auto unmodified = [&](std::string_view condition) -> Result<void> {
    if (purpose == ReadFor::kCopy) return failed(condition);
    return with_headers("NotModified", "Not Modified", 304, {},
                        {{"ETag", quoted_etag(version.etag)}, {"Last-Modified", to_http_date(version.modified)}});
  };
  if (conditions.if_match) {
    if (!etag_matches(*conditions.if_match, version.etag)) return failed("If-Match");
  } else if (conditions.if_unmodified_since && version.modified > *conditions.if_unmodified_since) {
    return failed("If-Unmodified-Since");
  }
  if (conditions.if_none_match) {
    if (etag_matches(*conditions.if_none_match, version.etag)) return unmodified("If-None-Match");
  } else if (conditions.if_modified_since && version.modified <= *conditions.if_modified_since &&
             *conditions.if_modified_since <= now) {  // a time to come says nothing
    return unmodified("If-Modified-Since");
  }
  return {};
}

namespace {

std::unexpected<Error> is_marker(const ObjectVersion& marker, std::string_view method) {
  return with_headers("MethodNotAllowed", "The specified method is not allowed against this resource.", 405,
                      {{"Method", std::string(method)}, {"ResourceType", "DeleteMarker"}},
                      {{"x-amz-delete-marker", "true"},
                       {"x-amz-version-id", marker.version},
                       {"Allow", "DELETE"},
                       {"Last-Modified", to_http_date(marker.modified)}});
}

Result<ObjectVersion> existing_version(const Core& core, const Bucket& bucket, std::string_view key,
                                       const std::optional<std::string>& version) {
  Result<std::optional<ObjectVersion>> found = find_version(core, bucket, key, version);
  if (!found) return std::unexpected(std::move(found).error());
  if (*found) return **std::move(found);
  if (version) return no_such_version(key, *version);
  return no_such_key(key);
}

}  // namespace

Result<ObjectVersion> readable_version(const Core& core, const Bucket& bucket, std::string_view key,
                                       const std::optional<std::string>& version, std::string_view method) {
  Result<ObjectVersion> found = existing_version(core, bucket, key, version);
  if (!found || !found->delete_marker) return found;
  if (version) return is_marker(*found, method);
  return with_headers("NoSuchKey", "The specified key does not exist.", 404, {{"Key", std::string(key)}},
                      {{"x-amz-delete-marker", "true"}, {"x-amz-version-id", found->version}});
}

Result<ObjectVersion> described_version(const Core& core, const Bucket& bucket, std::string_view key,
                                        const std::optional<std::string>& version, std::string_view method) {
  Result<ObjectVersion> found = existing_version(core, bucket, key, version);
  if (found && found->delete_marker) return is_marker(*found, method);
  return found;
}

}  // namespace signalbox::s3
