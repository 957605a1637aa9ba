// The settings of a bucket that are documents of their own: policy, public access block, ownership controls, tags,
// lifecycle, notifications.

#include "cloud/saved_policy.h"
#include "services/s3/access.h"
#include "services/s3/bucket_changes.h"
#include "services/s3/bucket_policy.h"
#include "services/s3/lifecycle.h"
#include "services/s3/lifecycle_rules.h"
#include "services/s3/notices.h"

namespace signalbox::s3 {
namespace {

constexpr std::size_t kMaxNotifications = 100;

Answer<model::PutBucketPolicyResponse> put_policy(Core& core, const cloud::Call&, model::PutBucketPolicyRequest input) {
  co_return co_await change_bucket<model::PutBucketPolicyResponse>(
      core, input.bucket, [&](Bucket& bucket) -> Result<void> {
        const auto document = read_bucket_policy(bucket, *input.policy);
        if (!document) return std::unexpected(document.error());
        cloud::SavedPolicy saved =
            cloud::save_policy(core.house, bucket.scope.account, *input.policy, cloud::PolicyOwner::kBucket);
        if (const auto& unknown = saved.unknown) {
          return s3_error("MalformedPolicy", "Invalid principal in policy", 400,
                          {{"Detail", "\"" + unknown->type + "\" : \"" + unknown->name + "\""}});
        }
        if (bucket.block().block_policy && is_public(**document)) return access_denied();
        bucket.policy = std::move(saved.text);
        return {};
      });
}

std::unexpected<Error> no_policy(std::string_view bucket) {
  return s3_error("NoSuchBucketPolicy", "The bucket policy does not exist", 404, {{"BucketName", std::string(bucket)}});
}

Answer<model::GetBucketPolicyOutput> get_policy(Core& core, const cloud::Call&, model::GetBucketPolicyRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  if ((*bucket)->policy.empty()) co_return no_policy(*input.bucket);
  model::GetBucketPolicyOutput output;
  output.policy = cloud::shown_policy(core.house, (*bucket)->policy);
  co_return output;
}

Answer<model::GetBucketPolicyStatusOutput> get_policy_status(Core& core, const cloud::Call&,
                                                             model::GetBucketPolicyStatusRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  if (!(*bucket)->compiled_policy) co_return no_policy(*input.bucket);
  model::GetBucketPolicyStatusOutput output;
  output.policy_status.emplace().is_public = is_public(*(*bucket)->compiled_policy);
  co_return output;
}

Answer<model::PutPublicAccessBlockResponse> put_block(Core& core, const cloud::Call&,
                                                      model::PutPublicAccessBlockRequest input) {
  const model::PublicAccessBlockConfiguration& asked = *input.public_access_block_configuration;
  if (!asked.block_public_acls && !asked.ignore_public_acls && !asked.block_public_policy &&
      !asked.restrict_public_buckets) {
    co_return fail("InvalidRequest", "Must specify at least one configuration.", 400);
  }
  co_return co_await change_bucket<model::PutPublicAccessBlockResponse>(
      core, input.bucket, [&](Bucket& bucket) -> Result<void> {
        bucket.access_block =
            PublicAccessBlock{asked.block_public_acls.value_or(false), asked.ignore_public_acls.value_or(false),
                              asked.block_public_policy.value_or(false), asked.restrict_public_buckets.value_or(false)};
        return {};
      });
}

Answer<model::GetPublicAccessBlockOutput> get_block(Core& core, const cloud::Call&,
                                                    model::GetPublicAccessBlockRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  if (!(*bucket)->access_block) {
    co_return s3_error("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found",
                       404, {{"BucketName", *input.bucket}});
  }
  model::GetPublicAccessBlockOutput output;
  const PublicAccessBlock block = (*bucket)->block();
  model::PublicAccessBlockConfiguration& shown = output.public_access_block_configuration.emplace();
  shown.block_public_acls = block.block_acls;
  shown.ignore_public_acls = block.ignore_acls;
  shown.block_public_policy = block.block_policy;
  shown.restrict_public_buckets = block.restrict_buckets;
  co_return output;
}

Answer<model::PutBucketOwnershipControlsResponse> put_ownership(Core& core, const cloud::Call&,
                                                                model::PutBucketOwnershipControlsRequest input) {
  const auto rules = input.ownership_controls->rules.value_or(std::vector<model::OwnershipControlsRule>());
  const auto ownership = rules.size() == 1 ? ownership_of(rules[0].object_ownership.value_or("")) : std::nullopt;
  if (!ownership) co_return malformed_xml();
  co_return co_await change_bucket<model::PutBucketOwnershipControlsResponse>(
      core, input.bucket, [&](Bucket& bucket) -> Result<void> {
        const Acl own = {{canonical_id(bucket.scope.account), "FULL_CONTROL"}};
        if (ownership == Ownership::kBucketOwnerEnforced && bucket.acl != own) {
          return fail("InvalidBucketAclWithObjectOwnership",
                      "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting", 400);
        }
        bucket.ownership = ownership;
        return {};
      });
}

Answer<model::GetBucketOwnershipControlsOutput> get_ownership(Core& core, const cloud::Call&,
                                                              model::GetBucketOwnershipControlsRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  if (!(*bucket)->ownership) {
    co_return s3_error("OwnershipControlsNotFoundError", "The bucket ownership controls were not found", 404,
                       {{"BucketName", *input.bucket}});
  }
  model::GetBucketOwnershipControlsOutput output;
  output.ownership_controls.emplace().rules.emplace().emplace_back().object_ownership = name_of(*(*bucket)->ownership);
  co_return output;
}

Answer<model::PutBucketTaggingResponse> put_tags(Core& core, const cloud::Call&, model::PutBucketTaggingRequest input) {
  Result<Tags> tags = read_tags(input.tagging->tag_set.value_or(std::vector<model::Tag>()), kMaxBucketTags);
  if (!tags) co_return std::unexpected(std::move(tags).error());
  co_return co_await change_bucket<model::PutBucketTaggingResponse>(
      core, input.bucket, [&](Bucket& bucket) -> Result<void> {
        bucket.tagging = tags->empty() ? "" : tagging_text(*tags);
        return {};
      });
}

Answer<model::GetBucketTaggingOutput> get_tags(Core& core, const cloud::Call&, model::GetBucketTaggingRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  if ((*bucket)->tagging.empty()) {
    co_return s3_error("NoSuchTagSet", "The TagSet does not exist", 404, {{"BucketName", *input.bucket}});
  }
  model::GetBucketTaggingOutput output;
  output.tag_set = read_tagging((*bucket)->tagging);
  co_return output;
}

Answer<model::PutBucketLifecycleConfigurationOutput> put_lifecycle(
    Core& core, const cloud::Call&, model::PutBucketLifecycleConfigurationRequest input) {
  if (!input.lifecycle_configuration) co_return fail("MissingRequestBodyError", "Request Body is empty", 400);
  const std::string minimum = input.transition_default_minimum_object_size.value_or(std::string(kMinimum128K));
  if (minimum != kMinimum128K && minimum != kMinimumByClass) {
    co_return invalid_argument("Invalid TransitionDefaultMinimumObjectSize found: " + minimum,
                               "x-amz-transition-default-minimum-object-size", minimum);
  }
  model::BucketLifecycleConfiguration& asked = *input.lifecycle_configuration;
  Result<void> checked = check_lifecycle(asked);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  for (model::LifecycleRule& rule : *asked.rules) {
    if (!rule.id || rule.id->empty()) rule.id = core.house.random.uuid();
  }
  const std::string text = json_text(model::kPutBucketLifecycleConfiguration, &asked);
  auto done = co_await change_bucket<model::PutBucketLifecycleConfigurationOutput>(
      core, input.bucket, [&](Bucket& bucket) -> Result<void> {
        bucket.lifecycle = text;
        bucket.transition_minimum_size = minimum;
        return {};
      });
  if (!done) co_return done;
  core.house.shards.at(0).post([&core] { arm_lifecycle(core); });
  done->transition_default_minimum_object_size = minimum;
  co_return done;
}

Answer<model::GetBucketLifecycleConfigurationOutput> get_lifecycle(
    Core& core, const cloud::Call&, model::GetBucketLifecycleConfigurationRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  if (!(*bucket)->compiled_lifecycle) {
    co_return s3_error("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", 404,
                       {{"BucketName", *input.bucket}});
  }
  model::GetBucketLifecycleConfigurationOutput output;
  output.rules = (*bucket)->compiled_lifecycle->rules;
  const std::string& minimum = (*bucket)->transition_minimum_size;
  output.transition_default_minimum_object_size = minimum.empty() ? std::string(kMinimum128K) : minimum;
  co_return output;
}

template <class List, class Id>
void name_all(Core& core, std::optional<List>& list, Id id) {
  if (!list) return;
  for (auto& one : *list) {
    if (!(one.*id) || (one.*id)->empty()) one.*id = core.house.random.uuid();
  }
}

Answer<model::PutBucketNotificationConfigurationResponse> put_notification(
    Core& core, const cloud::Call& call, model::PutBucketNotificationConfigurationRequest input) {
  const Result<BucketPtr> now = bucket_of(core, input.bucket, {});
  if (!now) co_return std::unexpected(now.error());
  const bool with_destinations = !input.skip_destination_validation.value_or(false);
  model::NotificationConfiguration& asked = *input.notification_configuration;
  const auto size = [](const auto& list) { return list ? list->size() : std::size_t{0}; };
  if (size(asked.queue_configurations) + size(asked.topic_configurations) + size(asked.lambda_function_configurations) >
      kMaxNotifications) {
    co_return fail("TooManyConfigurations", "You are attempting to create too many configurations.", 400);
  }
  Result<void> checked = co_await check_notification(core, call, **now, asked, with_destinations);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  name_all(core, asked.queue_configurations, &model::QueueConfiguration::id);
  name_all(core, asked.topic_configurations, &model::TopicConfiguration::id);
  name_all(core, asked.lambda_function_configurations, &model::LambdaFunctionConfiguration::id);
  const std::string text = json_text(model::kPutBucketNotificationConfiguration, &asked);
  co_return co_await change_bucket<model::PutBucketNotificationConfigurationResponse>(
      core, input.bucket, [&](Bucket& bucket) -> Result<void> {
        bucket.notification = text;
        return {};
      });
}

Answer<model::NotificationConfiguration> get_notification(Core& core, const cloud::Call&,
                                                          model::GetBucketNotificationConfigurationRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  co_return (*bucket)->compiled_notification ? *(*bucket)->compiled_notification : model::NotificationConfiguration();
}

/// Registers an operation that puts a setting back to nothing.
template <class In, class Out, class Clear>
void serve_delete(Core& core, const wire::OperationOf<In, Out>& operation, const char* action, Clear clear) {
  serve(core, operation, on_bucket(core, action), [&core, clear](const cloud::Call&, In input) -> Answer<Out> {
    co_return co_await change_bucket<Out>(core, input.bucket, [clear](Bucket& bucket) -> Result<void> {
      clear(bucket);
      return {};
    });
  });
}

template <class In, class Out, class Handle>
void serve_one(Core& core, const wire::OperationOf<In, Out>& operation, const char* action, Handle handle) {
  serve(core, operation, on_bucket(core, action),
        [&core, handle](const cloud::Call& call, In input) { return handle(core, call, std::move(input)); });
}

}  // namespace

void register_bucket_settings(Core& core) {
  serve_one(core, model::kPutBucketPolicy, "s3:PutBucketPolicy", put_policy);
  serve_one(core, model::kGetBucketPolicy, "s3:GetBucketPolicy", get_policy);
  serve_one(core, model::kGetBucketPolicyStatus, "s3:GetBucketPolicyStatus", get_policy_status);
  serve_delete(core, model::kDeleteBucketPolicy, "s3:DeleteBucketPolicy",
               [](Bucket& bucket) { bucket.policy.clear(); });
  serve_one(core, model::kPutPublicAccessBlock, "s3:PutBucketPublicAccessBlock", put_block);
  serve_one(core, model::kGetPublicAccessBlock, "s3:GetBucketPublicAccessBlock", get_block);
  serve_delete(core, model::kDeletePublicAccessBlock, "s3:PutBucketPublicAccessBlock",
               [](Bucket& bucket) { bucket.access_block.reset(); });
  serve_one(core, model::kPutBucketOwnershipControls, "s3:PutBucketOwnershipControls", put_ownership);
  serve_one(core, model::kGetBucketOwnershipControls, "s3:GetBucketOwnershipControls", get_ownership);
  serve_delete(core, model::kDeleteBucketOwnershipControls, "s3:PutBucketOwnershipControls",
               [](Bucket& bucket) { bucket.ownership.reset(); });
  serve_one(core, model::kPutBucketTagging, "s3:PutBucketTagging", put_tags);
  serve_one(core, model::kGetBucketTagging, "s3:GetBucketTagging", get_tags);
  serve_delete(core, model::kDeleteBucketTagging, "s3:PutBucketTagging",
               [](Bucket& bucket) { bucket.tagging.clear(); });
  serve_one(core, model::kPutBucketLifecycleConfiguration, "s3:PutLifecycleConfiguration", put_lifecycle);
  serve_one(core, model::kGetBucketLifecycleConfiguration, "s3:GetLifecycleConfiguration", get_lifecycle);
  serve_delete(core, model::kDeleteBucketLifecycle, "s3:PutLifecycleConfiguration", [](Bucket& bucket) {
    bucket.lifecycle.clear();
    bucket.transition_minimum_size.clear();
  });
  serve_one(core, model::kPutBucketNotificationConfiguration, "s3:PutBucketNotification", put_notification);
  serve_one(core, model::kGetBucketNotificationConfiguration, "s3:GetBucketNotification", get_notification);
}

}  // namespace signalbox::s3
