// Who may do what with functions, for `--auth enforce`: callers of the API, and functions by their roles.
#pragma once

#include <string>

#include "services/lambda/core.h"

namespace signalbox::lambda {

/// Describes all operations, and what is known of functions.
void describe_access(Core& core);

/// How a function's execution role is taken on.
cloud::RoleUse role_of(const FunctionName& function, const std::string& role);

/// Whether the function's role may do that to that resource. Always in other modes. Errors: AccessDeniedException.
asio::awaitable<Result<void>> role_may(const Core& core, FunctionPtr function, std::string action,
                                       std::string resource);

}  // namespace signalbox::lambda
