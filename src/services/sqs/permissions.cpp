// The statements of a queue's policy that AddPermission and RemovePermission keep.

#include <algorithm>

#include "json/json.h"
#include "policy/document.h"
#include "policy/statement_text.h"
#include "services/sqs/sqs.h"

namespace signalbox::sqs {
namespace {

constexpr std::size_t kMaxLabel = 80;
// "Amazon SQS policy quotas".
constexpr std::size_t kMaxPolicyBytes = 8192;
constexpr std::size_t kMaxStatements = 20;
constexpr std::size_t kMaxActions = 7;
constexpr std::string_view kActions[] = {"*",
                                         "SendMessage",
                                         "ReceiveMessage",
                                         "DeleteMessage",
                                         "PurgeQueue",
                                         "GetQueueUrl",
                                         "GetQueueAttributes",
                                         "ChangeMessageVisibility",
                                         "ListDeadLetterSourceQueues"};

/// Version and Id are those of the policy that is there; one that AddPermission begins has AWS's first version.
std::string policy_of(const Queue& queue, const std::vector<policy::StatementText>& statements) {
  if (statements.empty()) return "";
  std::string id = queue.arn + "/SQSDefaultPolicy";
  std::string version = "2008-10-17";
  json::Document document;
  const auto present = queue.attributes.find("Policy");
  const auto root = document.parse(present == queue.attributes.end() ? std::string_view() : present->second);
  const auto take = [&](std::string_view name, std::string& text) {
    const auto value = root ? root->find(name) : std::nullopt;
    if (value && value->is_string()) text = value->as_string();
  };
  take("Id", id);
  take("Version", version);
  return policy::policy_text(id, statements, version);
}

policy::Permission permission_of(const Queue& queue, const model::AddPermissionRequest& request) {
  policy::Permission permission;
  permission.sid = *request.label;
  for (const std::string& account : *request.aws_account_ids) {
    permission.principals.push_back("arn:aws:iam::" + account + ":root");
  }
  for (const std::string& action : *request.actions) permission.actions.push_back("SQS:" + action);
  permission.resource = queue.arn;
  return permission;
}

Result<void> check(const model::AddPermissionRequest& request) {
  const std::string& label = *request.label;
  const bool good = !label.empty() && label.size() <= kMaxLabel && std::ranges::all_of(label, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!good) {
    return invalid_parameter("Value " + label +
                             " for parameter Label is invalid. Reason: Can only include alphanumeric characters, "
                             "hyphens, or underscores. 1 to 80 in length.");
  }
  if (request.aws_account_ids->empty() || request.actions->empty()) {
    return fail("MissingParameter", "The request must contain the parameter " +
                                        std::string(request.actions->empty() ? "Actions." : "PrincipalId."));
  }
  for (const std::string& account : *request.aws_account_ids) {
    if (cloud::is_account_id(account)) continue;
    return invalid_parameter("Value " + account + " for parameter PrincipalId is invalid. Reason: Unable to verify.");
  }
  for (const std::string& action : *request.actions) {
    if (std::ranges::count(kActions, std::string_view(action)) != 0) continue;
    return invalid_parameter("Value SQS:" + action +
                             " for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke "
                             "this action.");
  }
  return {};
}

}  // namespace

Result<void> check_policy(const std::string& policy) {
  if (policy.empty()) return {};
  const auto over = [](std::string message) { return fail(model::errors::kOverLimit, std::move(message), 403); };
  if (policy.size() > kMaxPolicyBytes) return over("Submitted policy is over max allowed size.");
  const auto statements = policy::statement_texts(policy);
  if (statements.size() > kMaxStatements) {
    return over(std::to_string(statements.size()) +
                " statements were found in the submitted policy, max allowed is 20");
  }
  for (const auto& [sid, text] : statements) {
    json::Document document;
    const auto statement = document.parse(text);
    const auto actions = statement ? statement->find("Action") : std::nullopt;
    if (!actions || !actions->is_array()) continue;
    std::size_t count = 0;
    for ([[maybe_unused]] const json::Value action : actions->elements()) ++count;
    if (count > kMaxActions) {
      return over(std::to_string(count) +
                  " actions were found in a statement from the submitted policy, max allowed is 7");
    }
  }
  if (!policy::Document::parse(policy, policy::DocumentKind::kResource)) {
    return invalid_policy();
  }
  return {};
}

std::unexpected<Error> invalid_policy() {
  return fail(model::errors::kInvalidAttributeValue, "Invalid value for the parameter Policy.");
}

Answer<model::AddPermissionResponse> Sqs::add_permission(Queue& queue, model::AddPermissionRequest request) {
  Result<void> checked = check(request);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  const auto turn = co_await queue.changes.take();
  if (queue.deleted) co_return no_such_queue();
  auto statements = policy::statement_texts(queue.attributes["Policy"]);
  for (const auto& [sid, text] : statements) {
    if (sid != *request.label) continue;
    co_return invalid_parameter("Value " + sid + " for parameter Label is invalid. Reason: Already exists.");
  }
  statements.push_back(policy::statement_text(permission_of(queue, request)));
  Attributes changes;
  changes["Policy"] = policy_of(queue, statements);
  Result<model::SetQueueAttributesResponse> set = co_await change_attributes(queue, std::move(changes));
  if (!set) co_return std::unexpected(std::move(set).error());
  co_return model::AddPermissionResponse{};
}

Answer<model::RemovePermissionResponse> Sqs::remove_permission(Queue& queue, std::string label) {
  const auto turn = co_await queue.changes.take();
  if (queue.deleted) co_return no_such_queue();
  auto statements = policy::statement_texts(queue.attributes["Policy"]);
  const auto removed = std::erase_if(statements, [&label](const auto& statement) { return statement.sid == label; });
  if (removed == 0) {
    co_return invalid_parameter("Value " + label +
                                " for parameter Label is invalid. Reason: can't find label on existing policy.");
  }
  Attributes changes;
  changes["Policy"] = policy_of(queue, statements);
  Result<model::SetQueueAttributesResponse> set = co_await change_attributes(queue, std::move(changes));
  if (!set) co_return std::unexpected(std::move(set).error());
  co_return model::RemovePermissionResponse{};
}

}  // namespace signalbox::sqs
