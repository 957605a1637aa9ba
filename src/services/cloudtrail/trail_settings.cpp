#include "services/cloudtrail/trail_settings.h"

#include <algorithm>

#include "models/sns.h"
#include "services/cloudtrail/bucket.h"
#include "services/cloudtrail/log_group.h"
#include "services/cloudtrail/trail_lookup.h"

namespace signalbox::cloudtrail {
namespace {

namespace m = models::cloudtrail;

constexpr std::size_t kMaxPrefix = 200;
constexpr std::size_t kMaxTopic = 256;

Result<void> check_text(const m::UpdateTrailRequest& request) {
  if (request.s3_bucket_name && (request.s3_bucket_name->size() < 3 || request.s3_bucket_name->size() > 63)) {
    return fail("InvalidS3BucketNameException",
                "Bucket name must be between 3 and 63 characters long: " + *request.s3_bucket_name);
  }
  if (request.s3_key_prefix && (request.s3_key_prefix->size() > kMaxPrefix || request.s3_key_prefix->ends_with('/'))) {
    return fail("InvalidS3PrefixException",
                "The S3 key prefix must have at most 200 characters and not end with a slash.");
  }
  if (request.sns_topic_name && request.sns_topic_name->size() > kMaxTopic) {
    return fail("InvalidSnsTopicNameException", "The SNS topic name must have at most 256 characters.");
  }
  return {};
}

Result<void> check_combination(const Trail& trail) {
  if (trail.multi_region && !trail.global_events) {
    return fail("InvalidParameterCombinationException", "Multi-Region trail must include global service events.");
  }
  if (trail.log_group_arn.empty() != trail.log_role_arn.empty()) {
    return fail("InvalidParameterCombinationException",
                "You must specify both a CloudWatch Logs log group ARN and a role ARN, or none of them.");
  }
  return {};
}

void take(const m::UpdateTrailRequest& request, Trail& trail) {
  trail.bucket = request.s3_bucket_name.value_or(trail.bucket);
  trail.prefix = request.s3_key_prefix.value_or(trail.prefix);
  trail.global_events = request.include_global_service_events.value_or(trail.global_events);
  trail.multi_region = request.is_multi_region_trail.value_or(trail.multi_region);
  trail.validation = request.enable_log_file_validation.value_or(trail.validation);
  trail.log_group_arn = request.cloud_watch_logs_log_group_arn.value_or(trail.log_group_arn);
  trail.log_role_arn = request.cloud_watch_logs_role_arn.value_or(trail.log_role_arn);
  if (!request.sns_topic_name) return;
  const std::string& topic = *request.sns_topic_name;
  trail.topic_arn = topic.empty() || topic.starts_with("arn:") ? topic : cloud::make_arn("sns", trail.home, topic);
}

asio::awaitable<Result<void>> check_topic(Core& core, Trail trail) {
  models::sns::GetTopicAttributesInput request;
  request.topic_arn = trail.topic_arn;
  const auto arn = cloud::Arn::parse(trail.topic_arn);
  if (!arn || arn->service != "sns" || arn->region != trail.home.region) {
    co_return fail("InvalidSnsTopicNameException", "The SNS topic " + trail.topic_arn + " is not valid.");
  }
  cloud::Call looks = call_for(core, trail);
  looks.scope = arn->scope();
  looks.principal = cloud::Principal::root(arn->account);
  const auto found =
      co_await core.house.door.call(std::move(looks), models::sns::kGetTopicAttributes, std::move(request));
  cloud::Access publish;
  publish.action = "sns:Publish";
  publish.resource = trail.topic_arn;
  publish.account = arn->account;
  const Result<void> may = co_await core.house.authority.may(call_for(core, trail), std::move(publish));
  if (found && may) co_return Result<void>();
  co_return fail("InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!");
}

}  // namespace

asio::awaitable<Result<Trail>> settle(Core& core, Trail trail, m::UpdateTrailRequest request) {
  if (request.kms_key_id && !request.kms_key_id->empty()) co_return not_supported_yet("KmsKeyId");
  if (request.is_organization_trail.value_or(false)) co_return not_supported_yet("IsOrganizationTrail");
  Result<void> checked = check_text(request);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  take(request, trail);
  checked = check_combination(trail);
  if (checked) checked = co_await check_bucket(core, trail);
  if (checked && !trail.topic_arn.empty()) checked = co_await check_topic(core, trail);
  if (checked && !trail.log_group_arn.empty()) checked = co_await check_log_group(core, trail);
  if (checked && trail.validation) checked = co_await core.signer.prepare();
  if (!checked) co_return std::unexpected(std::move(checked).error());
  co_return trail;
}

}  // namespace signalbox::cloudtrail
