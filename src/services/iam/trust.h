// Trust policies: whom they name is whom they mean, whatever becomes of the name. A user's or a role's ARN becomes its
// unique id when the policy is saved, so that another who is given the name later is not trusted; the policy shows the
// ARN as long as there is somebody with the id ("AWS JSON policy elements: Principal" in the IAM User Guide).
#pragma once

#include <string>

#include "services/iam/core.h"

namespace signalbox::iam {

/// A trust policy that a caller brings, as it is kept. Where callers have proved who they are, its users and roles must
/// exist, unless they are of an account that this server knows nothing of. Errors: MalformedPolicyDocument,
/// LimitExceeded.
Result<PolicyText> read_trust(const View& view, const std::string& text);

/// As it is shown: with the ARNs that its principals have now.
std::string shown_trust(const Directory& directory, const PolicyText& trust);

}  // namespace signalbox::iam
