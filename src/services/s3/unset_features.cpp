// What a bucket can have on AWS and not here: reading it answers as AWS does where it was not set up, which is how
// clients find out what there is; setting it up is refused by name.

#include "services/s3/access.h"

namespace signalbox::s3 {
namespace {

/// Registers a read of what no bucket has: `answer(name)` is given when the bucket is there.
template <class In, class Out, class Give>
void serve_unset(Core& core, const wire::OperationOf<In, Out>& operation, const char* action, Give give) {
  serve(core, operation, on_bucket(core, action),
        [give](const cloud::Call&, In input) -> Answer<Out> { co_return give(*input.bucket); });
}

/// The same where AWS tells it by an error.
template <class In, class Out>
void serve_not_found(Core& core, const wire::OperationOf<In, Out>& operation, const char* action, const char* code,
                     const char* message) {
  serve_unset(core, operation, action, [code, message](const std::string& bucket) -> Result<Out> {
    return s3_error(code, message, 404, {{"BucketName", bucket}});
  });
}

/// Of one of many configurations, by its id.
template <class In, class Out>
void serve_no_configuration(Core& core, const wire::OperationOf<In, Out>& operation, const char* action) {
  serve(core, operation, on_bucket(core, action), [](const cloud::Call&, In) -> Answer<Out> {
    co_return fail("NoSuchConfiguration", "The specified configuration does not exist.", 404);
  });
}

template <class In, class Out>
void serve_empty(Core& core, const wire::OperationOf<In, Out>& operation, const char* action) {
  serve_unset(core, operation, action, [](const std::string&) -> Result<Out> { return Out{}; });
}

template <class In, class Out>
void serve_empty_list(Core& core, const wire::OperationOf<In, Out>& operation, const char* action) {
  serve_unset(core, operation, action, [](const std::string&) -> Result<Out> {
    Out output;
    output.is_truncated = false;
    return output;
  });
}

void register_locks(Core& core) {
  serve_not_found(core, model::kGetObjectLockConfiguration, "s3:GetBucketObjectLockConfiguration",
                  "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket");
  const auto no_lock = []<class Out>(Out) -> Result<Out> {
    return fail("InvalidRequest", "Bucket is missing Object Lock Configuration", 400);
  };
  serve(core, model::kGetObjectRetention, on_key(core, "s3:GetObjectRetention"),
        [no_lock](const cloud::Call&, model::GetObjectRetentionRequest) -> Answer<model::GetObjectRetentionOutput> {
          co_return no_lock(model::GetObjectRetentionOutput{});
        });
  serve(core, model::kGetObjectLegalHold, on_key(core, "s3:GetObjectLegalHold"),
        [no_lock](const cloud::Call&, model::GetObjectLegalHoldRequest) -> Answer<model::GetObjectLegalHoldOutput> {
          co_return no_lock(model::GetObjectLegalHoldOutput{});
        });
}

/// Analytics, inventory, metrics and tiering: lists of configurations with ids.
void register_configurations(Core& core) {
  serve_empty_list(core, model::kListBucketAnalyticsConfigurations, "s3:GetAnalyticsConfiguration");
  serve_no_configuration(core, model::kGetBucketAnalyticsConfiguration, "s3:GetAnalyticsConfiguration");
  serve_no_configuration(core, model::kDeleteBucketAnalyticsConfiguration, "s3:PutAnalyticsConfiguration");
  serve_empty_list(core, model::kListBucketInventoryConfigurations, "s3:GetInventoryConfiguration");
  serve_no_configuration(core, model::kGetBucketInventoryConfiguration, "s3:GetInventoryConfiguration");
  serve_no_configuration(core, model::kDeleteBucketInventoryConfiguration, "s3:PutInventoryConfiguration");
  serve_empty_list(core, model::kListBucketMetricsConfigurations, "s3:GetMetricsConfiguration");
  serve_no_configuration(core, model::kGetBucketMetricsConfiguration, "s3:GetMetricsConfiguration");
  serve_no_configuration(core, model::kDeleteBucketMetricsConfiguration, "s3:PutMetricsConfiguration");
  serve_empty_list(core, model::kListBucketIntelligentTieringConfigurations, "s3:GetIntelligentTieringConfiguration");
  serve_no_configuration(core, model::kGetBucketIntelligentTieringConfiguration,
                         "s3:GetIntelligentTieringConfiguration");
  serve_no_configuration(core, model::kDeleteBucketIntelligentTieringConfiguration,
                         "s3:PutIntelligentTieringConfiguration");
}

Answer<model::PutBucketLoggingResponse> put_logging(const cloud::Call&, model::PutBucketLoggingRequest input) {
  if (input.bucket_logging_status->logging_enabled) co_return not_implemented("LoggingEnabled");
  co_return model::PutBucketLoggingResponse{};
}

Answer<model::PutBucketRequestPaymentResponse> put_payment(const cloud::Call&,
                                                           model::PutBucketRequestPaymentRequest input) {
  if (input.request_payment_configuration->payer == "Requester") co_return not_implemented("Payer: Requester");
  co_return model::PutBucketRequestPaymentResponse{};
}

}  // namespace

void register_unset_features(Core& core) {
  serve_not_found(core, model::kGetBucketWebsite, "s3:GetBucketWebsite", "NoSuchWebsiteConfiguration",
                  "The specified bucket does not have a website configuration");
  serve_empty(core, model::kDeleteBucketWebsite, "s3:DeleteBucketWebsite");
  serve_not_found(core, model::kGetBucketReplication, "s3:GetReplicationConfiguration",
                  "ReplicationConfigurationNotFoundError", "The replication configuration was not found");
  serve_empty(core, model::kDeleteBucketReplication, "s3:PutReplicationConfiguration");
  serve_empty(core, model::kGetBucketAccelerateConfiguration, "s3:GetAccelerateConfiguration");
  serve_empty(core, model::kGetBucketLogging, "s3:GetBucketLogging");
  serve(core, model::kPutBucketLogging, on_bucket(core, "s3:PutBucketLogging"), put_logging);
  serve_unset(core, model::kGetBucketRequestPayment, "s3:GetBucketRequestPayment",
              [](const std::string&) -> Result<model::GetBucketRequestPaymentOutput> {
                model::GetBucketRequestPaymentOutput output;
                output.payer = "BucketOwner";
                return output;
              });
  serve(core, model::kPutBucketRequestPayment, on_bucket(core, "s3:PutBucketRequestPayment"), put_payment);
  serve_unset(core, model::kGetBucketAbac, "s3:GetBucketAbac",
              [](const std::string&) -> Result<model::GetBucketAbacOutput> {
                model::GetBucketAbacOutput output;
                output.abac_status.emplace().status = "Disabled";
                return output;
              });
  serve_not_found(core, model::kGetBucketMetadataConfiguration, "s3:GetBucketMetadataTableConfiguration",
                  "MetadataConfigurationNotFound", "The metadata configuration does not exist.");
  serve_not_found(core, model::kGetBucketMetadataTableConfiguration, "s3:GetBucketMetadataTableConfiguration",
                  "MetadataConfigurationNotFound", "The metadata configuration does not exist.");
  serve_not_found(core, model::kDeleteBucketMetadataConfiguration, "s3:DeleteBucketMetadataTableConfiguration",
                  "MetadataConfigurationNotFound", "The metadata configuration does not exist.");
  serve_not_found(core, model::kDeleteBucketMetadataTableConfiguration, "s3:DeleteBucketMetadataTableConfiguration",
                  "MetadataConfigurationNotFound", "The metadata configuration does not exist.");
  register_locks(core);
  register_configurations(core);
}

}  // namespace signalbox::s3
