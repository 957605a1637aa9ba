#include "services/events/policy.h"

#include "json/json.h"

namespace signalbox::events {
namespace {

constexpr std::string_view kHead = R"({"Version":"2012-10-17","Statement":[)";

Result<std::string> bounded(std::string policy) {
  if (policy.size() > kMaxPolicyBytes) {
    return fail("PolicyLengthExceededException", "Policy size would be larger than the maximum allowed.");
  }
  return policy;
}

/// The statements of a policy that was checked when it was put, but for those with `sid`; comma-separated.
struct Others {
  std::string text;
  bool found = false;
};
Others statements_but(std::string_view policy, std::string_view sid) {
  Others others;
  if (policy.empty()) return others;
  json::Document document;
  const auto root = document.parse(policy);
  if (!root) return others;
  const auto statements = root->find("Statement");
  const auto keep = [&](json::Value statement) {
    const auto own = statement.find("Sid");
    if (own && own->is_string() && own->is(sid)) {
      others.found = true;
      return;
    }
    if (!others.text.empty()) others.text.push_back(',');
    json::append_minified(others.text, statement);
  };
  if (statements && statements->is_array()) {
    for (json::Value statement : statements->elements()) keep(statement);
  } else if (statements) {
    keep(*statements);
  }
  return others;
}

std::string text_of(const PolicyStatement& statement) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("Sid");
  w.string(statement.sid);
  w.key("Effect");
  w.string("Allow");
  w.key("Principal");
  if (statement.principal_arn == "*") {
    w.string("*");
  } else {
    w.begin_object();
    w.key("AWS");
    w.string(statement.principal_arn);
    w.end_object();
  }
  w.key("Action");
  w.string(statement.action);
  w.key("Resource");
  w.string(statement.resource_arn);
  if (!statement.condition_type.empty()) {
    w.key("Condition");
    w.begin_object();
    w.key(statement.condition_type);
    w.begin_object();
    w.key(statement.condition_key);
    w.string(statement.condition_value);
    w.end_object();
    w.end_object();
  }
  w.end_object();
  return out;
}

}  // namespace

Result<std::string> with_statement(std::string_view policy, const PolicyStatement& statement) {
  const Others others = statements_but(policy, statement.sid);
  std::string out(kHead);
  out.append(others.text);
  if (!others.text.empty()) out.push_back(',');
  return bounded(out.append(text_of(statement)).append("]}"));
}

Result<std::string> without_statement(std::string_view policy, std::string_view sid) {
  const Others others = statements_but(policy, sid);
  if (!others.found) {
    return fail("ResourceNotFoundException", "Statement with the provided id does not exist.");
  }
  if (others.text.empty()) return std::string();
  return std::string(kHead).append(others.text).append("]}");
}

Result<std::string> check_policy(std::string_view policy) {
  json::Document document;
  const auto root = document.parse(policy);
  if (!root) return fail("ValidationException", "Parameter Policy is not valid JSON: " + root.error().message + ".");
  const auto statements = root->find("Statement");
  if (!statements || !(statements->is_array() || statements->is_object())) {
    return fail("ValidationException", "Parameter Policy is not valid: it has no Statement.");
  }
  std::string out;
  json::append_minified(out, *root);
  return bounded(std::move(out));
}

}  // namespace signalbox::events
