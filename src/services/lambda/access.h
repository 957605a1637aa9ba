// Who may invoke a function: its resource policy ("Working with resource-based IAM policies in Lambda").
#pragma once

#include <string>

#include "cloud/authority.h"
#include "cloud/functions.h"
#include "services/lambda/function.h"

namespace signalbox::lambda {

/// Whether the function's policy (that of the qualifier, where there is one) lets this service invoke it.
/// Errors: AccessDeniedException.
Result<void> check_invoker(const Function& function, std::string_view qualifier, const cloud::Invoker& invoker);

/// What calling the function URL asks for: IAM decides it where the URL's AuthType is AWS_IAM.
cloud::Access url_access(const Function& function, std::string_view qualifier, std::string_view auth_type);

/// Whether the policy lets everybody call the function URL, whose AuthType is NONE.
bool is_url_public(const Function& function, std::string_view qualifier);

}  // namespace signalbox::lambda
