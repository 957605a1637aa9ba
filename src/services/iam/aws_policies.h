// AWS managed policies: arn:aws:iam::aws:policy/..., from aws_policies.json.
#pragma once

#include <memory>
#include <string_view>

#include "services/iam/account.h"

namespace signalbox::iam {

/// Null when it is none of those known here.
std::shared_ptr<const ManagedPolicy> find_aws_policy(std::string_view arn);
/// All of them, by name.
const Table<ManagedPolicy>& aws_policies();
/// "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
std::string aws_policy_arn(const ManagedPolicy& policy);

}  // namespace signalbox::iam
