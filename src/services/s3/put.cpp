// PutObject.

#include "base/encoding.h"
#include "services/s3/access.h"
#include "services/s3/intake.h"
#include "services/s3/lifecycle.h"
#include "services/s3/object_headers.h"

namespace signalbox::s3 {
namespace {

/// What is known of a new object before its body is read.
struct NewObject {
  ObjectHeaders headers;
  OwnedAcl owned;
  Expected expected;
};

Result<NewObject> read_request(const cloud::Call& call, const Bucket& bucket, const model::PutObjectRequest& input) {
  Result<void> done = check_key(*input.key);
  if (done) done = check_supported(input);
  if (done && input.write_offset_bytes) done = not_implemented("x-amz-write-offset-bytes");
  if (done) done = check_condition_headers(input.if_match, input.if_none_match);
  if (!done) return std::unexpected(std::move(done).error());
  Result<ObjectHeaders> headers = headers_of(input);
  if (!headers) return std::unexpected(std::move(headers).error());
  Result<OwnedAcl> owned = object_acl(bucket, account_of(call), acl_source(input), true);
  if (!owned) return std::unexpected(std::move(owned).error());
  Result<Expected> expected = expected_of(input);
  if (!expected) return std::unexpected(std::move(expected).error());
  Result<std::optional<CustomerKey>> key = customer_key_of(input);
  if (!key) return std::unexpected(std::move(key).error());
  expected->key = *std::move(key);
  return NewObject{*std::move(headers), *std::move(owned), *std::move(expected)};
}

ObjectVersion version_of(const Core& core, NewObject& made, Content& content) {
  ObjectVersion version;
  version.modified = core.now();
  version.owner = std::move(made.owned.owner);
  version.acl = std::move(made.owned.acl);
  version.headers = std::move(made.headers);
  version.size = content.size;
  version.etag = to_hex(content.md5);
  version.checksum = ObjectChecksum{content.kind, content.digest, false};
  version.is_inline = content.is_inline;
  version.segments = std::move(content.segments);
  version.sealing = made.expected.key ? Sealing::kCustomer : Sealing::kManaged;
  if (made.expected.key) version.customer_key_md5 = made.expected.key->md5;
  return version;
}

Answer<model::PutObjectOutput> put_object(Core& core, const cloud::Call& call, model::PutObjectRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  Result<void> has_length = check_length(call, input.content_length);
  if (!has_length) co_return std::unexpected(std::move(has_length).error());
  Result<NewObject> made = read_request(call, **bucket, input);
  if (!made) co_return std::unexpected(std::move(made).error());
  http::MemoryBody memory(std::move(input.body).value_or(""));
  http::BodyReader& body =
      call.streams != nullptr && call.streams->request != nullptr ? *call.streams->request : memory;
  Result<Content> content = co_await take_in(core, body, made->expected);
  if (!content) co_return std::unexpected(std::move(content).error());
  ObjectVersion version = version_of(core, *made, *content);
  const std::string& key = *input.key;
  Result<void> done = co_await in_turn(core.stripe_of(*input.bucket, key), [&]() -> Answer<void> {
    Result<BucketPtr> now = bucket_of(core, input.bucket, {});
    if (!now) co_return std::unexpected(std::move(now).error());
    if (input.if_match || input.if_none_match) {
      const auto current = newest(core, *input.bucket, key);
      if (!current) co_return std::unexpected(current.error());
      Result<void> holds = check_write_conditions(*current, key, input.if_match, input.if_none_match);
      if (!holds) co_return holds;
    }
    Change change(*std::move(now));
    Result<void> added = add_version(core, key, version, content->bytes, change);
    if (!added) co_return added;
    change.keep = content->kept.take();
    change.notices.push_back(notice_of(call, Notice::Kind::kPut, key, version));
    co_return co_await commit(core, std::move(change));
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  model::PutObjectOutput output;
  output.e_tag = quoted_etag(version.etag);
  show_object_checksum(output, version);
  show_encryption(output, version.sealing, version.customer_key_md5);
  output.expiration = expiration_header(**bucket, key, version);
  if (version.version != kNullVersion) output.version_id = version.version;
  co_return output;
}

}  // namespace

void register_put_operations(Core& core) {
  serve(core, model::kPutObject, on_key(core, "s3:PutObject"),
        [&core](const cloud::Call& call, model::PutObjectRequest input) {
          return put_object(core, call, std::move(input));
        });
}

}  // namespace signalbox::s3
