// An event bus's resource policy as text, changed one statement at a time.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/statement_text.h"

namespace signalbox::events {

/// AWS's quota: the policy of a bus, in bytes.
inline constexpr std::size_t kMaxPolicyBytes = 10240;

/// `policy` ("" for none) with the permission added, in place of one with the same sid.
/// Errors: PolicyLengthExceededException.
Result<std::string> with_statement(std::string_view policy, const policy::Permission& permission);

/// `policy` without the statement; "" when none is left. Errors: ResourceNotFoundException.
Result<std::string> without_statement(std::string_view policy, std::string_view sid);

/// ValidationException: "Parameter Policy is not valid. Reason: ..."
std::unexpected<Error> invalid_policy(const std::string& reason);
/// A whole policy that a caller brings, without white space. Errors: ValidationException when it is not a good resource
/// policy, PolicyLengthExceededException.
Result<std::string> check_policy(std::string_view policy);

}  // namespace signalbox::events
