// S3 Control, as far as buckets have their tags there: what Terraform's provider asks for since its version 6.

#include <algorithm>

#include "models/s3control.h"
#include "services/s3/access.h"
#include "services/s3/bucket_changes.h"

namespace signalbox::s3 {
namespace {

namespace control = models::s3control;

/// The bucket that an ARN names ("arn:aws:s3:::name").
std::string bucket_name(const std::optional<std::string>& arn) {
  const auto parsed = cloud::Arn::parse(arn.value_or(""));
  return parsed && parsed->service == "s3" ? parsed->resource : std::string();
}

Result<BucketPtr> resource_of(const Core& core, const std::optional<std::string>& arn,
                              const std::optional<std::string>& account) {
  const std::string name = bucket_name(arn);
  if (name.empty()) return fail("InvalidRequest", "The ARN of the request is not that of a bucket.", 400);
  const BucketPtr bucket = core.find(name);
  if (!bucket || (account && *account != bucket->scope.account)) {
    return fail("NoSuchResource", "The specified resource doesn't exist.", 404);
  }
  return bucket;
}

template <class In, class Out, class Handle>
void serve_tags(Core& core, const wire::OperationOf<In, Out>& operation, const char* action, Handle handle) {
  const auto describe = [&core, action](const cloud::Call& call, const In& input) -> Answer<Accesses> {
    const Result<BucketPtr> bucket = resource_of(core, input.resource_arn, input.account_id);
    if (!bucket) co_return std::unexpected(bucket.error());
    Accesses accesses;
    accesses.push_back(bucket_access(call, **bucket, action, {}));
    co_return accesses;
  };
  serve(core, operation, describe, [&core, handle](const cloud::Call& call, In input) -> Answer<Out> {
    const Result<BucketPtr> bucket = resource_of(core, input.resource_arn, input.account_id);
    if (!bucket) co_return std::unexpected(bucket.error());
    if (account_of(call) != (*bucket)->scope.account) co_return access_denied();
    co_return co_await handle(core, std::move(input));
  });
}

Answer<control::ListTagsForResourceResult> list_tags(Core& core, control::ListTagsForResourceRequest input) {
  const Result<BucketPtr> bucket = resource_of(core, input.resource_arn, input.account_id);
  if (!bucket) co_return std::unexpected(bucket.error());
  control::ListTagsForResourceResult output;
  output.tags.emplace();
  if ((*bucket)->tagging.empty()) co_return output;
  for (model::Tag& tag : read_tagging((*bucket)->tagging)) {
    control::Tag& shown = output.tags->emplace_back();
    shown.key = std::move(tag.key);
    shown.value = std::move(tag.value);
  }
  co_return output;
}

/// Changes the bucket's tags, in their order.
template <class Out, class ChangeTags>
Answer<Out> change_tags(Core& core, std::string bucket, ChangeTags change) {
  const std::optional<std::string> name = std::move(bucket);
  // It has a name and captures references only: g++ 12 destroys twice what a temporary within a co_await has captured.
  const auto apply = [&change](Bucket& changed) -> Result<void> {
    std::vector<model::Tag> tags;
    if (!changed.tagging.empty()) tags = read_tagging(changed.tagging);
    change(tags);
    const Result<Tags> checked = read_tags(tags, kMaxBucketTags);
    if (!checked) return std::unexpected(checked.error());
    changed.tagging = checked->empty() ? "" : tagging_text(*checked);
    return {};
  };
  co_return co_await change_bucket<Out>(core, name, apply);
}

Answer<control::TagResourceResult> tag(Core& core, control::TagResourceRequest input) {
  auto given = std::move(input.tags).value_or(std::vector<control::Tag>());
  return change_tags<control::TagResourceResult>(
      core, bucket_name(input.resource_arn), [given = std::move(given)](std::vector<model::Tag>& tags) {
        for (const control::Tag& one : given) {
          const auto there = std::ranges::find(tags, one.key, &model::Tag::key);
          model::Tag& changed = there != tags.end() ? *there : tags.emplace_back();
          changed.key = one.key;
          changed.value = one.value;
        }
      });
}

Answer<control::UntagResourceResult> untag(Core& core, control::UntagResourceRequest input) {
  auto keys = std::move(input.tag_keys).value_or(std::vector<std::string>());
  return change_tags<control::UntagResourceResult>(
      core, bucket_name(input.resource_arn), [keys = std::move(keys)](std::vector<model::Tag>& tags) {
        std::erase_if(tags, [&](const model::Tag& one) { return std::ranges::find(keys, one.key) != keys.end(); });
      });
}

}  // namespace

void register_control_operations(Core& core) {
  core.house.door.add_service(control::kService);
  serve_tags(core, control::kListTagsForResource, "s3:ListTagsForResource", list_tags);
  serve_tags(core, control::kTagResource, "s3:TagResource", tag);
  serve_tags(core, control::kUntagResource, "s3:UntagResource", untag);
}

}  // namespace signalbox::s3
