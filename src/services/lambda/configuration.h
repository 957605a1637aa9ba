// What functions may be configured to, checked against AWS's bounds and what this server does.
#pragma once

#include <string>

#include "services/lambda/core.h"

namespace signalbox::lambda {

/// Settings of a request (CreateFunction or UpdateFunctionConfiguration) put onto `version`; those that are not given
/// stay. Errors: InvalidParameterValueException and ValidationException, naming what is wrong or not supported.
Result<void> configure(const Core& core, const FunctionName& name, const model::CreateFunctionRequest& request,
                       Version& version);
Result<void> configure(const Core& core, const FunctionName& name,
                       const model::UpdateFunctionConfigurationRequest& request, Version& version);

/// What the API shows of a version: with its state, and its ARN with `qualifier`, where there is one.
model::FunctionConfiguration shown(const FunctionName& name, const Version& version, std::string_view qualifier);

/// "2026-11-25T01:00:00.000+0000"
std::string modified_text(Time time);
/// The digest of a package as CodeSha256 has it.
std::string code_sha256(const std::string& code);
/// "x86_64" or "arm64": what this host is.
std::string architecture();
Result<void> check_architectures(const std::optional<std::vector<std::string>>& given);

/// Checks a target of dead letters or of results. Errors: InvalidParameterValueException.
Result<void> check_destination(const Core& core, const FunctionName& name, const std::string& arn, bool dead_letters);

}  // namespace signalbox::lambda
