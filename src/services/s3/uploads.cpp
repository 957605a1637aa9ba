#include "services/s3/uploads.h"

#include <algorithm>

#include "base/encoding.h"

namespace signalbox::s3 {

std::unexpected<Error> no_such_upload(std::string_view id) {
  return s3_error(
      "NoSuchUpload",
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
      "completed.",
      404, {{"UploadId", std::string(id)}});
}

Result<Upload> find_upload(const Core& core, std::string_view bucket, std::string_view key, std::string_view id) {
  const auto record = core.house.store.get(upload_key(bucket, key, id));
  if (!record) return std::unexpected(record.error());
  auto upload = *record ? read_upload(bucket, key, id, **record) : std::nullopt;
  if (!upload) return no_such_upload(id);
  return *std::move(upload);
}

Result<std::vector<UploadedPart>> parts_of(const Core& core, std::string_view upload, std::uint32_t after,
                                           std::size_t most) {
  std::vector<UploadedPart> parts;
  const store::Key all = parts_key(upload);
  Result<void> done = core.house.store.read()->scan(
      part_key(upload, after + 1), all.end(), [&](std::string_view key, std::string_view value) {
        store::KeyReader reader(key);
        reader.text();
        reader.text();
        auto part = read_part(static_cast<std::uint32_t>(reader.number().value_or(0)), value);
        if (part) parts.push_back(*std::move(part));
        return parts.size() < most;
      });
  if (!done) return std::unexpected(std::move(done).error());
  return parts;
}

Answer<void> abort_upload(Core& core, std::string bucket, std::string key, std::string id) {
  const Result<Upload> upload = find_upload(core, bucket, key, id);
  if (!upload) co_return std::unexpected(upload.error());
  const auto parts = parts_of(core, id);
  if (!parts) co_return std::unexpected(parts.error());
  store::Batch batch;
  std::vector<std::string> blobs;
  for (const UploadedPart& part : *parts) {
    for (const Segment& segment : part.segments) blobs.push_back(segment.blob);
  }
  batch.erase(upload_key(bucket, key, id));
  const store::Key all = parts_key(id);
  batch.erase_range(all, all.end());
  core.blobs.drop(batch, blobs);
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (done) core.blobs.dropped(std::move(blobs));
  co_return done;
}

Result<CopySource> read_copy_source(std::string_view text) {
  constexpr std::string_view kVersion = "?versionId=";
  const auto wrong = [whole = text](std::string message) {
    return invalid_argument(std::move(message), "x-amz-copy-source", whole);
  };
  CopySource source;
  if (const auto at = text.rfind(kVersion); at != std::string_view::npos) {
    source.version = text.substr(at + kVersion.size());
    if (source.version->empty()) return empty_version("x-amz-copy-source", text);
    text = text.substr(0, at);
  }
  const auto decoded = percent_decode(text, true);
  if (!decoded) return wrong("Invalid copy source encoding.");
  std::string_view path = *decoded;
  for (const std::string_view scheme : {"http://", "https://"}) {  // a URL counts from its path on
    if (!path.starts_with(scheme)) continue;
    path.remove_prefix(scheme.size());
    path.remove_prefix(std::min(path.size(), path.find('/')));
  }
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.starts_with("arn:")) return not_implemented("copying from an access point");
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) {
    return wrong("Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
  }
  if (slash == 0) return wrong("Invalid copy source bucket name");
  if (slash + 1 == path.size()) return wrong("Invalid copy source object key");
  source.bucket = path.substr(0, slash);
  source.key = path.substr(slash + 1);
  return source;
}

}  // namespace signalbox::s3
