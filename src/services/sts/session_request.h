// What requests for temporary credentials say of them, checked.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cloud/services.h"
#include "models/sts.h"

namespace signalbox::sts {

namespace m = models::sts;

inline std::unexpected<Error> invalid(std::string message) {
  return fail("ValidationError", std::move(message));
}

/// Share of the room for policies and tags that they take, in percent, as PackedPolicySize tells it.
std::int32_t packed_size(const cloud::Session& session);

/// Sets session policy and policy ARNs. Errors: MalformedPolicyDocument, PackedPolicyTooLarge, and ValidationError for
/// a policy that is not there.
Result<void> set_policies(const cloud::House& house, cloud::Session& session, const std::optional<std::string>& policy,
                          const std::optional<std::vector<m::PolicyDescriptorType>>& arns);

/// Sets tags; those that `caller` hands on come first and cannot be changed. Errors: InvalidParameterValue.
Result<void> set_tags(cloud::Session& session, const cloud::Session* caller,
                      const std::optional<std::vector<m::Tag>>& tags,
                      const std::optional<std::vector<std::string>>& transitive);

/// Errors: ValidationError for credentials that multi-factor authentication is asked for.
Result<void> refuse_mfa(bool asked);

m::Credentials shown(const cloud::TemporaryCredentials& credentials);

/// What AssumeRole asks of the role and its trust policy, for a caller who may hand on tags and a source identity.
cloud::Accesses accesses_of(const cloud::Call& call, const cloud::Role& role, const m::AssumeRoleRequest& request);

void describe_access(const cloud::House& house);

}  // namespace signalbox::sts
