#include "services/events/policy.h"

#include <utility>

#include "json/json.h"
#include "policy/document.h"

namespace signalbox::events {
namespace {

Result<std::string> bounded(std::string policy) {
  if (policy.size() > kMaxPolicyBytes) {
    return fail("PolicyLengthExceededException", "Policy size would be larger than the maximum allowed.");
  }
  return policy;
}

std::size_t erase_sid(std::vector<policy::StatementText>& statements, std::string_view sid) {
  return std::erase_if(statements, [sid](const policy::StatementText& statement) { return statement.sid == sid; });
}

}  // namespace

Result<std::string> with_statement(std::string_view policy, const policy::Permission& permission) {
  auto statements = policy::statement_texts(policy);
  erase_sid(statements, permission.sid);
  statements.push_back(policy::statement_text(permission));
  return bounded(policy::policy_text("", statements));
}

Result<std::string> without_statement(std::string_view policy, std::string_view sid) {
  auto statements = policy::statement_texts(policy);
  if (erase_sid(statements, sid) == 0) {
    return fail("ResourceNotFoundException", "Statement with the provided id does not exist.");
  }
  if (statements.empty()) return std::string();
  return policy::policy_text("", statements);
}

std::unexpected<Error> invalid_policy(const std::string& reason) {
  return fail("ValidationException", "Parameter Policy is not valid. Reason: " + reason);
}

Result<std::string> check_policy(std::string_view policy) {
  const auto document = policy::Document::parse(policy, policy::DocumentKind::kResource);
  if (!document) return invalid_policy(document.error().message);
  json::Document json;
  std::string out;
  json::append_minified(out, *json.parse(policy));
  return bounded(std::move(out));
}

}  // namespace signalbox::events
