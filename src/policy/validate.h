// What a policy document is checked for when it is put, beyond what it takes to read one that was put before.
#pragma once

#include <string_view>

#include "base/result.h"
#include "policy/document.h"

namespace signalbox::policy {

/// As Document::parse, and its ARNs must be what IAM takes for resources. Errors: MalformedPolicyDocument with AWS's
/// text.
Result<Document> validate(std::string_view text, DocumentKind kind);

}  // namespace signalbox::policy
