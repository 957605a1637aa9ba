// An event bus's resource policy as text, changed one statement at a time.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace signalbox::events {

/// AWS's quota: the policy of a bus, in bytes.
inline constexpr std::size_t kMaxPolicyBytes = 10240;

struct PolicyStatement {
  std::string sid;
  std::string principal_arn;  // "*" for anyone
  std::string action;
  std::string resource_arn;
  std::string condition_type;  // "" for no condition
  std::string condition_key;
  std::string condition_value;
};

/// `policy` ("" for none) with the statement added, in place of one with the same sid.
/// Errors: PolicyLengthExceededException.
Result<std::string> with_statement(std::string_view policy, const PolicyStatement& statement);

/// `policy` without the statement; "" when none is left. Errors: ResourceNotFoundException.
Result<std::string> without_statement(std::string_view policy, std::string_view sid);

/// A whole policy that a caller brings, without white space. Errors: ValidationException when it is not a JSON object
/// with statements, PolicyLengthExceededException.
Result<std::string> check_policy(std::string_view policy);

}  // namespace signalbox::events
