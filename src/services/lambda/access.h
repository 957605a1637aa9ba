// Who may invoke a function: its resource policy ("Working with resource-based IAM policies in Lambda").
#pragma once

#include <string>

#include "cloud/functions.h"
#include "services/lambda/function.h"

namespace signalbox::lambda {

/// Whether the function's policy (that of the qualifier, where there is one) lets this service invoke it.
/// Errors: AccessDeniedException.
Result<void> check_invoker(const Function& function, std::string_view qualifier, const cloud::Invoker& invoker);

/// Whether the policy lets everybody call the function URL ("" for the caller: anybody).
bool allows_url(const Function& function, std::string_view qualifier, std::string_view account,
                std::string_view auth_type);

}  // namespace signalbox::lambda
