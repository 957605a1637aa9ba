// An object's content, for whoever reads it: stretches of it, as a body; and conditions on reading.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/body.h"
#include "services/s3/core.h"

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

/// Errors: InternalError where the record is there and its content is not.
Result<std::unique_ptr<http::BodyReader>> open_content(Core& core, std::string_view bucket, std::string_view key,
                                                       const ObjectVersion& version, const ByteRange& range);

/// The conditions of requests that read. Errors: PreconditionFailed; NotModified (304) where `may_be_unmodified`, else
/// PreconditionFailed for that, too.
struct ReadConditions {
  std::optional<std::string> if_match;
  std::optional<std::string> if_none_match;
  std::optional<Time> if_modified_since;
  std::optional<Time> if_unmodified_since;
};
Result<void> check_read_conditions(const ReadConditions& conditions, const ObjectVersion& version,
                                   bool may_be_unmodified);

/// The version that is to be read. Errors: NoSuchKey, NoSuchVersion, MethodNotAllowed for a delete marker, with the
/// headers that AWS tells it by.
Result<ObjectVersion> readable_version(const Core& core, const Bucket& bucket, std::string_view key,
                                       const std::optional<std::string>& version);

}  // namespace signalbox::s3
