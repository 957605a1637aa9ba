// Multipart uploads: finding them and what they have.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/s3/core.h"

namespace signalbox::s3 {

inline constexpr std::int32_t kMaxPartNumber = 10'000;

/// Errors: NoSuchUpload.
Result<Upload> find_upload(const Core& core, std::string_view bucket, std::string_view key, std::string_view id);
/// Its parts, by number, behind `after`. Errors: those of the store.
Result<std::vector<UploadedPart>> parts_of(const Core& core, std::string_view upload, std::uint32_t after = 0,
                                           std::size_t most = 10'000);
std::unexpected<Error> no_such_upload(std::string_view id);

/// Ends an upload without an object. In the turn of its key. Errors: NoSuchUpload, those of the store.
Answer<void> abort_upload(Core& core, std::string bucket, std::string key, std::string id);

/// An object to copy from, as x-amz-copy-source names it.
struct CopySource {
  std::string bucket;
  std::string key;
  std::optional<std::string> version;
};
/// Errors: InvalidArgument.
Result<CopySource> read_copy_source(std::string_view text);

}  // namespace signalbox::s3
