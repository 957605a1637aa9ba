// AddPermission, RemovePermission, GetPolicy.
#include <algorithm>
#include <iterator>

#include "cloud/saved_policy.h"
#include "json/json.h"
#include "policy/statement_text.h"
#include "services/lambda/changes.h"

namespace signalbox::lambda {
namespace {

using cloud::Call;

/// "Function resource-based policy: 20 KB".
constexpr std::size_t kMaxPolicy = 20'480;

std::unexpected<Error> bad_principal() {
  return invalid("The provided principal was invalid. Please check the principal and try again.");
}

void write_principal(json::Writer& writer, const std::string& principal) {
  if (principal == "*") return writer.string("*");
  writer.begin_object();
  const bool account = cloud::is_account_id(principal);
  const bool service = !account && !principal.starts_with("arn:");
  writer.key(service ? "Service" : "AWS");
  writer.string(account ? "arn:aws:iam::" + principal + ":root" : principal);
  writer.end_object();
}

/// Conditions by operator, in AWS's order of them.
void write_conditions(json::Writer& writer, const model::AddPermissionRequest& request) {
  std::vector<std::pair<std::string, std::string>> equal;
  if (request.source_account) equal.emplace_back("AWS:SourceAccount", *request.source_account);
  if (request.event_source_token) equal.emplace_back("lambda:EventSourceToken", *request.event_source_token);
  if (request.principal_org_id) equal.emplace_back("aws:PrincipalOrgID", *request.principal_org_id);
  if (request.function_url_auth_type) {
    equal.emplace_back("lambda:FunctionUrlAuthType", *request.function_url_auth_type);
  }
  const bool by_url = request.invoked_via_function_url.value_or(false);
  if (equal.empty() && !request.source_arn && !by_url) return;
  writer.key("Condition");
  writer.begin_object();
  if (!equal.empty()) {
    writer.key("StringEquals");
    writer.begin_object();
    for (const auto& [key, value] : equal) {
      writer.key(key);
      writer.string(value);
    }
    writer.end_object();
  }
  if (request.source_arn) {
    writer.key("ArnLike");
    writer.begin_object();
    writer.key("AWS:SourceArn");
    writer.string(*request.source_arn);
    writer.end_object();
  }
  if (by_url) {
    writer.key("Bool");
    writer.begin_object();
    writer.member("lambda:InvokedViaFunctionUrl", "true");
    writer.end_object();
  }
  writer.end_object();
}

std::string statement_of(const model::AddPermissionRequest& request, const std::string& resource) {
  std::string text;
  json::Writer writer(text);
  const auto member = [&](std::string_view name, const std::string& value) {
    writer.key(name);
    writer.string(value);
  };
  writer.begin_object();
  member("Sid", *request.statement_id);
  member("Effect", "Allow");
  writer.key("Principal");
  write_principal(writer, *request.principal);
  member("Action", *request.action);
  member("Resource", resource);
  write_conditions(writer, request);
  writer.end_object();
  return text;
}

/// What the policy is asked of. Errors: as find_function, with another word for an alias that is not there.
Result<Found> find_with_policy(const Core& core, const Call& call, std::string_view operation, const std::string& name,
                               const std::optional<std::string>& qualifier) {
  auto found = find_function(core, call, operation, name, qualifier);
  if (found) return found;
  const auto named = read_any_function(call.scope, name, qualifier);
  const bool is_none = named && found.error().code == "ResourceNotFoundException" && core.find(named->function);
  if (!is_none || named->qualifier == kLatest || is_version_number(named->qualifier)) return found;
  return fail("ResourceNotFoundException", "Cannot find alias arn: " + named->function.arn(named->qualifier), 404);
}

/// Accounts, ARNs, services of AWS, and everybody.
bool is_principal(std::string_view text) {
  const bool service = text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn") ||
                       text.ends_with(".amazon.com") || text.ends_with(".aws.internal");
  return text == "*" || cloud::is_account_id(text) || text.starts_with("arn:") || service;
}

/// The key of a qualifier's policy. Errors: InvalidParameterValueException; ResourceNotFoundException.
Result<std::string> policy_name(const Function& function, const std::string& qualifier) {
  if (qualifier == kLatest) {
    return invalid("We currently do not support adding policies for $LATEST.");
  }
  if (!function.resolve(qualifier, 1)) return no_such_function(function.name.arn(qualifier));
  return qualifier;
}

/// Puts the policy of those statements in place of the one that is there. What it is the policy of has another revision
/// then: a policy has none of its own.
Result<void> set_policy(Core& core, Function& function, const std::string& qualifier,
                        const std::vector<policy::StatementText>& statements, store::Batch& batch) {
  renew_revision(core, function, qualifier, batch);
  if (statements.empty()) {
    function.policies.erase(qualifier);
    return {};
  }
  Policy policy;
  policy.text = policy::policy_text("default", statements);
  if (policy.text.size() > kMaxPolicy) {
    return fail("PolicyLengthExceededException",
                "The final policy size (" + std::to_string(policy.text.size()) + ") is bigger than the limit (20480).");
  }
  auto document = policy::Document::parse(policy.text, policy::DocumentKind::kResource);
  if (!document) return bad_principal();
  policy.document = std::make_shared<const policy::Document>(*std::move(document));
  function.policies[qualifier] = std::move(policy);
  return {};
}

Result<void> check_policy_revision(const Function& function, const std::string& qualifier,
                                   const std::optional<std::string>& revision) {
  return check_revision(revision, revision_of(function, qualifier), "GetPolicy");
}

std::vector<policy::StatementText> statements_of(const Function& function, const std::string& qualifier) {
  const auto present = function.policies.find(qualifier);
  return present == function.policies.end() ? std::vector<policy::StatementText>()
                                            : policy::statement_texts(present->second.text);
}

asio::awaitable<Result<model::AddPermissionResponse>> add(Core& core, const Call& call,
                                                          model::AddPermissionRequest request) {
  const auto found = find_with_policy(core, call, "AddPermission", *request.function_name, request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  if (!is_principal(*request.principal)) co_return bad_principal();
  std::string statement;
  const auto changed = co_await change_function(
      core, found->function->name, [&](Function& function, store::Batch& batch) -> Result<void> {
        const auto qualifier = policy_name(function, found->qualifier);
        if (!qualifier) return std::unexpected(qualifier.error());
        Result<void> done = check_policy_revision(function, *qualifier, request.revision_id);
        if (!done) return done;
        auto statements = statements_of(function, *qualifier);
        const auto same = [&](const auto& one) { return one.sid == *request.statement_id; };
        if (std::ranges::any_of(statements, same)) {
          return fail("ResourceConflictException",
                      "The statement id (" + *request.statement_id +
                          ") provided already exists. Please provide a new statement id, "
                          "or remove the existing statement.",
                      409);
        }
        statement = statement_of(request, function.name.arn(*qualifier));
        const std::vector<policy::StatementText> added = {{*request.statement_id, statement}};
        const cloud::SavedPolicy saved =
            cloud::save_policy(core.house, call.scope.account, policy::policy_text("", added));
        if (saved.unknown) return bad_principal();
        std::ranges::move(policy::statement_texts(saved.text), std::back_inserter(statements));
        return set_policy(core, function, *qualifier, statements, batch);
      });
  if (!changed) co_return std::unexpected(changed.error());
  co_return model::AddPermissionResponse{std::move(statement)};
}

asio::awaitable<Result<model::RemovePermissionResponse>> remove(Core& core, const Call& call,
                                                                model::RemovePermissionRequest request) {
  const auto found = find_with_policy(core, call, "RemovePermission", *request.function_name, request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  const auto changed = co_await change_function(
      core, found->function->name, [&](Function& function, store::Batch& batch) -> Result<void> {
        const auto qualifier = policy_name(function, found->qualifier);
        if (!qualifier) return std::unexpected(qualifier.error());
        Result<void> done = check_policy_revision(function, *qualifier, request.revision_id);
        if (!done) return done;
        auto statements = statements_of(function, *qualifier);
        if (statements.empty()) {
          return fail("ResourceNotFoundException", "No policy is associated with the given resource.", 404);
        }
        const auto removed =
            std::erase_if(statements, [&](const auto& one) { return one.sid == *request.statement_id; });
        if (removed == 0) {
          return fail("ResourceNotFoundException",
                      "Statement " + *request.statement_id + " is not found in resource policy.", 404);
        }
        return set_policy(core, function, *qualifier, statements, batch);
      });
  if (!changed) co_return std::unexpected(changed.error());
  co_return model::RemovePermissionResponse{};
}

asio::awaitable<Result<model::GetPolicyResponse>> get(Core& core, const Call& call, model::GetPolicyRequest request) {
  const auto found = find_with_policy(core, call, "GetPolicy", *request.function_name, request.qualifier);
  if (!found) co_return std::unexpected(found.error());
  const auto& policies = found->function->policies;
  const auto policy = policies.find(found->qualifier == kLatest ? std::string() : found->qualifier);
  if (policy == policies.end()) {
    co_return fail("ResourceNotFoundException", "The resource you requested does not exist.", 404);
  }
  co_return model::GetPolicyResponse{cloud::shown_policy(core.house, policy->second.text),
                                     revision_of(*found->function, found->qualifier)};
}

}  // namespace

void register_permission_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kAddPermission, [&core](const Call& call, model::AddPermissionRequest request) {
    return add(core, call, std::move(request));
  });
  door.handle(model::kRemovePermission, [&core](const Call& call, model::RemovePermissionRequest request) {
    return remove(core, call, std::move(request));
  });
  door.handle(model::kGetPolicy, [&core](const Call& call, model::GetPolicyRequest request) {
    return get(core, call, std::move(request));
  });
}

}  // namespace signalbox::lambda
