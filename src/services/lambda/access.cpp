#include "services/lambda/access.h"

#include "policy/evaluate.h"

namespace signalbox::lambda {
namespace {

const Policy* policy_of(const Function& function, std::string_view qualifier) {
  const auto found = function.policies.find(qualifier == kLatest ? std::string_view() : qualifier);
  return found == function.policies.end() ? nullptr : &found->second;
}

}  // namespace

Result<void> check_invoker(const Function& function, std::string_view qualifier, const cloud::Invoker& invoker) {
  if (invoker.service.empty()) return {};
  const std::string resource = function.name.arn(qualifier);
  const Policy* const policy = policy_of(function, qualifier);
  if (policy != nullptr) {
    policy::Context context;
    const auto source = cloud::Arn::parse(invoker.source_arn);
    if (!invoker.source_arn.empty()) context.add("aws:SourceArn", invoker.source_arn);
    const std::string account = !invoker.source_account.empty() ? invoker.source_account
                                : source                        ? source->account
                                                                : std::string();
    if (!account.empty()) context.add("aws:SourceAccount", account);
    policy::Request request;
    request.principal.type = policy::PrincipalType::kService;
    request.principal.name = invoker.service;
    request.principal.arn = invoker.service;
    request.principal.region = function.name.scope.region;
    request.action = "lambda:InvokeFunction";
    request.resource = resource;
    request.resource_account = function.name.scope.account;
    request.context = &context;
    if (policy::evaluate_resource_policy(request, *policy->document).allowed()) return {};
  }
  return fail("AccessDeniedException",
              "User: " + invoker.service + " is not authorized to perform: lambda:InvokeFunction on resource: " +
                  resource + " because no resource-based policy allows the lambda:InvokeFunction action",
              403);
}

cloud::Access url_access(const Function& function, std::string_view qualifier, std::string_view auth_type) {
  cloud::Access access;
  access.action = "lambda:InvokeFunctionUrl";
  access.resource = function.name.arn(qualifier);
  access.account = function.name.scope.account;
  const Policy* const policy = policy_of(function, qualifier);
  if (policy != nullptr) access.policy = policy->document;
  access.keys.add("lambda:FunctionUrlAuthType", std::string(auth_type));
  for (const auto& [key, value] : function.tags) access.keys.add("aws:ResourceTag/" + key, value);
  return access;
}

bool is_url_public(const Function& function, std::string_view qualifier) {
  const cloud::Access access = url_access(function, qualifier, model::function_url_auth_type::kNONE);
  if (!access.policy) return false;
  policy::Request request;
  request.action = access.action;
  request.resource = access.resource;
  request.resource_account = access.account;
  request.context = &access.keys;
  return policy::evaluate_resource_policy(request, *access.policy).allowed();
}

}  // namespace signalbox::lambda
