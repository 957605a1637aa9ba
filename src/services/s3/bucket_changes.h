// Changing a bucket: a new state of it, written and then shown to all.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cloud/shape_fields.h"
#include "services/s3/core.h"
#include "services/s3/object_headers.h"

namespace signalbox::s3 {

inline constexpr std::size_t kMaxBucketTags = 50;

/// In the turn of buckets. Errors: those of the store.
Answer<void> write_bucket(Core& core, Bucket bucket);

/// Changes what `change(bucket)` changes, which may refuse. Errors: NoSuchBucket, those of `change` and of the store.
template <class Out, class Change>
Answer<Out> change_bucket(Core& core, std::optional<std::string> name, Change change) {
  Result<void> done = co_await in_bucket_turn(core, [&]() -> Answer<void> {
    const BucketPtr bucket = core.find(name.value_or(""));
    if (!bucket) co_return no_such_bucket(name.value_or(""));
    Bucket changed = *bucket;
    Result<void> made = change(changed);
    if (!made) co_return made;
    co_return co_await write_bucket(core, std::move(changed));
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return Out{};
}

std::optional<Ownership> ownership_of(std::string_view name);
std::string_view name_of(Ownership ownership);

/// A setting as it is kept, by the shape of the request's payload.
template <class In, class Out>
std::string json_text(const wire::OperationOf<In, Out>& put, const void* setting) {
  const wire::Shape& input = *put.operation->input;
  return cloud::json_text_of(*input.members[static_cast<std::size_t>(input.payload)].shape, setting);
}
/// And back. Empty for what is no such text.
template <class T, class In, class Out>
std::shared_ptr<const T> from_json_text(const std::string& text, const wire::OperationOf<In, Out>& put) {
  if (text.empty()) return nullptr;
  const wire::Shape& input = *put.operation->input;
  auto setting = std::make_shared<T>();
  const wire::Shape& shape = *input.members[static_cast<std::size_t>(input.payload)].shape;
  if (!cloud::read_json_text(shape, text, setting.get())) return nullptr;
  return setting;
}

/// A bucket's tags as they are kept, and back.
std::string tagging_text(const Tags& tags);
std::vector<model::Tag> read_tagging(const std::string& text);

}  // namespace signalbox::s3
