// GetBucketEncryption, PutBucketEncryption, DeleteBucketEncryption: every content is kept under the server's own key,
// as SSE-S3 has it; no other default can be set.

#include "services/s3/access.h"
#include "services/s3/bucket_changes.h"
#include "services/s3/encryption.h"

namespace signalbox::s3 {
namespace {

Result<void> check(const model::ServerSideEncryptionConfiguration& configuration) {
  const auto& rules = configuration.rules;
  if (!rules || rules->size() != 1) return malformed_xml();
  const model::ServerSideEncryptionRule& rule = rules->front();
  if (rule.blocked_encryption_types) {
    for (const std::string& type :
         rule.blocked_encryption_types->encryption_type.value_or(std::vector<std::string>())) {
      if (type != "NONE") return not_implemented("BlockedEncryptionTypes: " + type);
    }
  }
  if (!rule.apply_server_side_encryption_by_default) {
    return rule.blocked_encryption_types ? Result<void>() : Result<void>(malformed_xml());
  }
  const model::ServerSideEncryptionByDefault& asked = *rule.apply_server_side_encryption_by_default;
  const std::string algorithm = asked.sse_algorithm.value_or("");
  if (algorithm.starts_with("aws:kms")) return not_implemented("SSEAlgorithm: " + algorithm);
  if (algorithm != kAes) return malformed_xml();
  if (asked.kms_master_key_id) {
    return invalid_argument(
        "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
        "ApplyServerSideEncryptionByDefault", algorithm);
  }
  return {};
}

Answer<model::PutBucketEncryptionResponse> put_encryption(Core& core, const cloud::Call&,
                                                          model::PutBucketEncryptionRequest input) {
  model::ServerSideEncryptionConfiguration& asked = *input.server_side_encryption_configuration;
  Result<void> checked = check(asked);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  model::ServerSideEncryptionRule& rule = asked.rules->front();
  if (!rule.apply_server_side_encryption_by_default) {
    rule.apply_server_side_encryption_by_default.emplace().sse_algorithm = kAes;
  }
  rule.bucket_key_enabled = rule.bucket_key_enabled.value_or(false);
  const std::string text = json_text(model::kPutBucketEncryption, &asked);
  co_return co_await change_bucket<model::PutBucketEncryptionResponse>(core, input.bucket,
                                                                       [&](Bucket& bucket) -> Result<void> {
                                                                         bucket.encryption = text;
                                                                         return {};
                                                                       });
}

Answer<model::GetBucketEncryptionOutput> get_encryption(Core& core, const cloud::Call&,
                                                        model::GetBucketEncryptionRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  model::GetBucketEncryptionOutput output;
  model::ServerSideEncryptionConfiguration& shown = output.server_side_encryption_configuration.emplace();
  const auto set =
      from_json_text<model::ServerSideEncryptionConfiguration>((*bucket)->encryption, model::kPutBucketEncryption);
  if (set) {
    shown = *set;
    co_return output;
  }
  model::ServerSideEncryptionRule& rule = shown.rules.emplace().emplace_back();
  rule.apply_server_side_encryption_by_default.emplace().sse_algorithm = kAes;
  rule.bucket_key_enabled = false;
  co_return output;
}

Answer<model::DeleteBucketEncryptionResponse> delete_encryption(Core& core, const cloud::Call&,
                                                                model::DeleteBucketEncryptionRequest input) {
  co_return co_await change_bucket<model::DeleteBucketEncryptionResponse>(core, input.bucket,
                                                                          [](Bucket& bucket) -> Result<void> {
                                                                            bucket.encryption.clear();
                                                                            return {};
                                                                          });
}

}  // namespace

void register_encryption_operations(Core& core) {
  serve(core, model::kPutBucketEncryption, on_bucket(core, "s3:PutEncryptionConfiguration"),
        [&core](const cloud::Call& call, model::PutBucketEncryptionRequest input) {
          return put_encryption(core, call, std::move(input));
        });
  serve(core, model::kGetBucketEncryption, on_bucket(core, "s3:GetEncryptionConfiguration"),
        [&core](const cloud::Call& call, model::GetBucketEncryptionRequest input) {
          return get_encryption(core, call, std::move(input));
        });
  serve(core, model::kDeleteBucketEncryption, on_bucket(core, "s3:PutEncryptionConfiguration"),
        [&core](const cloud::Call& call, model::DeleteBucketEncryptionRequest input) {
          return delete_encryption(core, call, std::move(input));
        });
}

}  // namespace signalbox::s3
