#include "services/cloudtrail/bucket.h"

#include "models/s3.h"
#include "policy/evaluate.h"

namespace signalbox::cloudtrail {
namespace {

namespace s3 = models::s3;

constexpr const char* kAcl = "bucket-owner-full-control";

std::unexpected<Error> not_let(const Trail& trail) {
  return fail("InsufficientS3BucketPolicyException",
              "Incorrect S3 bucket policy is detected for bucket: " + trail.bucket);
}

bool lets(const policy::Document& document, const Trail& trail, std::string_view action, const std::string& resource) {
  policy::Context context;
  context.add("s3:x-amz-acl", kAcl);
  context.add("aws:SourceArn", trail.arn());
  context.add("aws:SourceAccount", trail.home.account);
  context.add("aws:PrincipalIsAWSService", "true");
  context.add("aws:PrincipalServiceName", std::string(kOwnName));
  policy::Request request;
  request.principal.type = policy::PrincipalType::kService;
  request.principal.name = kOwnName;
  request.principal.arn = kOwnName;
  request.principal.region = trail.home.region;
  request.action = action;
  request.resource = resource;
  request.context = &context;
  return policy::evaluate_resource_policy(request, document).allowed();
}

}  // namespace

std::string log_prefix(const Trail& trail) {
  return (trail.prefix.empty() ? std::string() : trail.prefix + "/") + "AWSLogs/" + trail.home.account + "/";
}

asio::awaitable<Result<void>> check_bucket(Core& core, Trail trail) {
  s3::GetBucketPolicyRequest request;
  request.bucket = trail.bucket;
  cloud::Call looks = call_for(core, trail);
  looks.principal = cloud::Principal::root(trail.home.account);
  const auto found = co_await core.house.door.call(std::move(looks), s3::kGetBucketPolicy, std::move(request));
  if (!found && found.error().code == "NoSuchBucket") {
    co_return fail("S3BucketDoesNotExistException", "S3 bucket " + trail.bucket + " does not exist!");
  }
  if (!found && found.error().http_status >= 500) co_return std::unexpected(found.error());
  // Of a bucket of another account the trail's owner may not read the policy, which says whether CloudTrail may write.
  const std::string bucket = cloud::make_arn("s3", {"", ""}, trail.bucket);
  const cloud::PolicyPtr document = (co_await core.house.authority.facts(bucket)).policy;
  if (!document || !lets(*document, trail, "s3:GetBucketAcl", bucket) ||
      !lets(*document, trail, "s3:PutObject", bucket + "/" + log_prefix(trail) + "CloudTrail/")) {
    co_return not_let(trail);
  }
  co_return Result<void>();
}

asio::awaitable<Result<void>> put_file(Core& core, Trail trail, std::string key, std::string content,
                                       std::map<std::string, std::string, std::less<>> metadata) {
  Result<void> let = co_await check_bucket(core, trail);
  if (!let) co_return let;
  s3::PutObjectRequest request;
  request.bucket = trail.bucket;
  request.key = std::move(key);
  request.content_length = static_cast<std::int64_t>(content.size());
  request.body = std::move(content);
  request.acl = kAcl;
  request.content_type = "application/json";
  request.content_encoding = "gzip";
  if (!metadata.empty()) request.metadata = std::move(metadata);
  const auto put = co_await core.house.door.call(call_for(core, trail), s3::kPutObject, std::move(request));
  if (!put) co_return std::unexpected(put.error());
  co_return Result<void>();
}

}  // namespace signalbox::cloudtrail
