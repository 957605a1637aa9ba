// What functions may be configured to, checked against AWS's bounds and what this server does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/lambda/core.h"
#include "services/lambda/runtimes.h"

namespace signalbox::lambda {

/// Settings of a request (CreateFunction or UpdateFunctionConfiguration) put onto `version`; those that are not given
/// stay. Errors: InvalidParameterValueException and ValidationException, naming what is wrong or not supported.
Result<void> configure(const Core& core, const FunctionName& name, const model::CreateFunctionRequest& request,
                       Version& version);
Result<void> configure(const Core& core, const FunctionName& name,
                       const model::UpdateFunctionConfigurationRequest& request, Version& version);

/// Whether those layers, if any, can be unpacked one over the other. Errors: those of configure() for layers;
/// InvalidParameterValueException.
asio::awaitable<Result<void>> check_layers(Core& core, cloud::Scope scope,
                                           std::optional<std::vector<std::string>> arns);

/// What the API shows of a version: with its state, and its ARN with `qualifier`, where there is one.
model::FunctionConfiguration shown(const FunctionName& name, const Version& version, std::string_view qualifier);
/// As the answer to CreateFunction shows it, Pending, and as those to updates do: with a revision that is no longer the
/// version's when they arrive, as AWS gives another one to what has become active ("Lambda function states"). Here
/// that is at once: whoever looks next, or invokes, finds it ready.
model::FunctionConfiguration shown_created(const Core& core, model::FunctionConfiguration config);
model::FunctionConfiguration shown_updated(const Core& core, model::FunctionConfiguration config);
/// As lists show it: without states and runtime version ("ListFunctions").
model::FunctionConfiguration listed(model::FunctionConfiguration config);

/// "2026-11-25T01:00:00.000+0000"
std::string modified_text(Time time);
/// The digest of a package as CodeSha256 has it.
std::string code_sha256(const std::string& code);
/// "x86_64" or "arm64": what this host is.
std::string architecture();
/// Whether functions of that runtime (`name`) run here if they are for those: packages of interpreted ones run on any.
/// Errors: InvalidParameterValueException.
Result<void> check_architectures(const std::vector<std::string>& given, const std::string& name,
                                 const Runtime& runtime);

/// Checks a target of dead letters or of results. Errors: InvalidParameterValueException, as AWS says it where it does.
Result<void> check_destination(const Core& core, const FunctionName& name, const std::string& arn, bool dead_letters);

}  // namespace signalbox::lambda
