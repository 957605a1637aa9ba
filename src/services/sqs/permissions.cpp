// The statements of a queue's policy that AddPermission and RemovePermission keep.

#include <algorithm>

#include "json/json.h"
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

/// The statements of a policy as JSON texts, with their Sids.
std::vector<std::pair<std::string, std::string>> statements_of(const std::string& policy) {
  std::vector<std::pair<std::string, std::string>> statements;
  json::Document document;
  const auto root = document.parse(policy);
  if (!root) return statements;
  const auto list = root->find("Statement");
  if (!list) return statements;
  const auto add = [&statements](json::Value statement) {
    const auto sid = statement.find("Sid");
    std::string text;
    json::append_minified(text, statement);
    statements.emplace_back(sid && sid->is_string() ? sid->as_string() : "", std::move(text));
  };
  if (list->is_array()) {
    for (const json::Value statement : list->elements()) add(statement);
  } else {
    add(*list);
  }
  return statements;
}

std::string policy_of(const Queue& queue, const std::vector<std::pair<std::string, std::string>>& statements) {
  if (statements.empty()) return "";
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  writer.key("Version");
  writer.string("2012-10-17");
  writer.key("Id");
  writer.string(queue.arn + "/SQSDefaultPolicy");
  writer.key("Statement");
  writer.begin_array();
  for (const auto& [sid, statement] : statements) writer.raw(statement);
  writer.end_array();
  writer.end_object();
  return text;
}

/// One value bare, several as an array: the form in which AWS keeps them.
void write_one_or_many(json::Writer& writer, const std::vector<std::string>& values) {
  if (values.size() == 1) return writer.string(values.front());
  writer.begin_array();
  for (const std::string& value : values) writer.string(value);
  writer.end_array();
}

std::string statement_text(const Queue& queue, const model::AddPermissionRequest& request) {
  std::vector<std::string> principals;
  for (const std::string& account : *request.aws_account_ids) principals.push_back("arn:aws:iam::" + account + ":root");
  std::vector<std::string> actions;
  for (const std::string& action : *request.actions) actions.push_back("SQS:" + action);
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  writer.key("Sid");
  writer.string(*request.label);
  writer.key("Effect");
  writer.string("Allow");
  writer.key("Principal");
  writer.begin_object();
  writer.key("AWS");
  write_one_or_many(writer, principals);
  writer.end_object();
  writer.key("Action");
  write_one_or_many(writer, actions);
  writer.key("Resource");
  writer.string(queue.arn);
  writer.end_object();
  return text;
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

Result<void> check_policy_size(const std::string& policy) {
  const auto over = [](std::string message) { return fail(model::errors::kOverLimit, std::move(message), 403); };
  if (policy.size() > kMaxPolicyBytes) return over("Submitted policy is over max allowed size.");
  const auto statements = statements_of(policy);
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
  return {};
}

Answer<model::AddPermissionResponse> Sqs::add_permission(Queue& queue, model::AddPermissionRequest request) {
  Result<void> checked = check(request);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  auto statements = statements_of(queue.attributes["Policy"]);
  for (const auto& [sid, text] : statements) {
    if (sid != *request.label) continue;
    co_return invalid_parameter("Value " + sid + " for parameter Label is invalid. Reason: Already exists.");
  }
  statements.emplace_back(*request.label, statement_text(queue, request));
  Attributes changes;
  changes["Policy"] = policy_of(queue, statements);
  Result<model::SetQueueAttributesResponse> set = co_await set_attributes(queue, std::move(changes));
  if (!set) co_return std::unexpected(std::move(set).error());
  co_return model::AddPermissionResponse{};
}

Answer<model::RemovePermissionResponse> Sqs::remove_permission(Queue& queue, std::string label) {
  auto statements = statements_of(queue.attributes["Policy"]);
  const auto removed = std::erase_if(statements, [&label](const auto& statement) { return statement.first == label; });
  if (removed == 0) {
    co_return invalid_parameter("Value " + label +
                                " for parameter Label is invalid. Reason: can't find label on existing policy.");
  }
  Attributes changes;
  changes["Policy"] = policy_of(queue, statements);
  Result<model::SetQueueAttributesResponse> set = co_await set_attributes(queue, std::move(changes));
  if (!set) co_return std::unexpected(std::move(set).error());
  co_return model::RemovePermissionResponse{};
}

}  // namespace signalbox::sqs
