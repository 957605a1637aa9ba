// An object's content, for whoever reads it: stretches of it, as a body; and conditions on reading.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/body.h"
#include "services/s3/core.h"
#include "services/s3/encryption.h"

namespace signalbox::s3 {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};

/// The stretch that a Range header asks for; empty for what is no range of bytes, or more than one: then the whole is
/// meant. Errors: InvalidRange (416) for one that the content does not reach.
Result<std::optional<ByteRange>> read_range(std::string_view header, std::uint64_t size);

/// These segments from `range` on.
std::vector<Segment> cut(const std::vector<Segment>& segments, const ByteRange& range);

/// `customer_key` is that of an object that is kept under one. Errors: InternalError where the record is there and its
/// content is not, or is not what was written.
Result<std::unique_ptr<http::BodyReader>> open_content(Core& core, std::string_view bucket, std::string_view key,
                                                       const ObjectVersion& version, const ByteRange& range,
                                                       const std::optional<CustomerKey>& customer_key);
/// That reader when its first piece is there: what is damaged at its beginning is an error, and not half an answer.
Answer<std::unique_ptr<http::BodyReader>> with_first_piece(std::unique_ptr<http::BodyReader> content);

/// The conditions of requests that read. Errors: PreconditionFailed; NotModified (304), or PreconditionFailed for that,
/// too, where the object is a copy's source, whose conditions have names of their own.
struct ReadConditions {
  std::optional<std::string> if_match;
  std::optional<std::string> if_none_match;
  std::optional<Time> if_modified_since;
  std::optional<Time> if_unmodified_since;
};
enum class ReadFor : std::uint8_t { kAnswer, kCopy };
Result<void> check_read_conditions(const ReadConditions& conditions, const ObjectVersion& version, ReadFor purpose,
                                   Time now);

/// The version that is to be read. Errors: NoSuchKey, NoSuchVersion, InvalidArgument; MethodNotAllowed for a delete
/// marker that is named, with the headers that AWS tells it by.
Result<ObjectVersion> readable_version(const Core& core, const Bucket& bucket, std::string_view key,
                                       const std::optional<std::string>& version, std::string_view method = "GET");
/// The same for what stands beside the content, tags and lists: there a delete marker allows no method, named or not.
Result<ObjectVersion> described_version(const Core& core, const Bucket& bucket, std::string_view key,
                                        const std::optional<std::string>& version, std::string_view method);

}  // namespace signalbox::s3
