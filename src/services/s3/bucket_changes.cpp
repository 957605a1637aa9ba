#include "services/s3/bucket_changes.h"

#include "json/json.h"

namespace signalbox::s3 {

Answer<void> write_bucket(Core& core, Bucket bucket) {
  const std::string record = store::encode(bucket);
  // What was compiled from the settings is made anew, as loading does.
  auto made = read_bucket(bucket.name, record);
  if (!made) co_return fail("InternalError", "The bucket's settings cannot be kept.", 500);
  made->gate = bucket.gate;
  store::Batch batch;
  batch.put(bucket_key(bucket.name), record);
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (done) core.put(std::make_shared<const Bucket>(*std::move(made)));
  co_return done;
}

std::optional<Ownership> ownership_of(std::string_view name) {
  if (name == "BucketOwnerEnforced") return Ownership::kBucketOwnerEnforced;
  if (name == "BucketOwnerPreferred") return Ownership::kBucketOwnerPreferred;
  if (name == "ObjectWriter") return Ownership::kObjectWriter;
  return std::nullopt;
}

std::string_view name_of(Ownership ownership) {
  switch (ownership) {
    case Ownership::kBucketOwnerEnforced:
      return "BucketOwnerEnforced";
    case Ownership::kBucketOwnerPreferred:
      return "BucketOwnerPreferred";
    case Ownership::kObjectWriter:
      break;
  }
  return "ObjectWriter";
}

std::string tagging_text(const Tags& tags) {
  std::string text;
  json::Writer out(text);
  out.begin_array();
  for (const auto& [key, value] : tags) {
    out.string(key);
    out.string(value);
  }
  out.end_array();
  return text;
}

std::vector<model::Tag> read_tagging(const std::string& text) {
  std::vector<model::Tag> tags;
  json::Document document;
  const auto root = document.parse(text);
  if (!root) return tags;
  bool is_key = true;
  for (const json::Value item : root->elements()) {
    const std::string part(item.as_string());
    if (is_key) {
      tags.emplace_back().key = part;
    } else {
      tags.back().value = part;
    }
    is_key = !is_key;
  }
  return tags;
}

}  // namespace signalbox::s3
