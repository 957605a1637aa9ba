// Trust policies.
#pragma once

#include <string>

#include "services/iam/core.h"

namespace signalbox::iam {

/// A trust policy that a caller brings, as it is kept (cloud/saved_policy.h). Errors: MalformedPolicyDocument also for
/// users and roles that do not exist; LimitExceeded.
Result<PolicyText> read_trust(const View& view, const std::string& text);

}  // namespace signalbox::iam
