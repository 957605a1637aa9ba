#include "policy/statement_text.h"

#include "json/json.h"

namespace signalbox::policy {
namespace {

StatementText text_of(json::Value statement) {
  StatementText made;
  const auto sid = statement.find("Sid");
  if (sid && sid->is_string()) made.sid = sid->as_string();
  json::append_minified(made.text, statement);
  return made;
}

void write_one_or_many(json::Writer& writer, const std::vector<std::string>& values) {
  if (values.size() == 1) return writer.string(values.front());
  writer.begin_array();
  for (const std::string& value : values) writer.string(value);
  writer.end_array();
}

void write_principals(json::Writer& writer, const std::vector<std::string>& principals) {
  if (principals.size() == 1 && principals.front() == "*") return writer.string("*");
  writer.begin_object();
  writer.key("AWS");
  write_one_or_many(writer, principals);
  writer.end_object();
}

}  // namespace

std::vector<StatementText> statement_texts(std::string_view policy) {
  std::vector<StatementText> texts;
  json::Document document;
  const auto root = document.parse(policy);
  const auto statements = root ? root->find("Statement") : std::nullopt;
  if (!statements) return texts;
  if (!statements->is_array()) {
    texts.push_back(text_of(*statements));
    return texts;
  }
  for (const json::Value statement : statements->elements()) texts.push_back(text_of(statement));
  return texts;
}

std::string policy_text(std::string_view id, const std::vector<StatementText>& statements) {
  return policy_text(id, statements, "2012-10-17");
}

std::string policy_text(std::string_view id, const std::vector<StatementText>& statements, std::string_view version) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  writer.member("Version", version);
  if (!id.empty()) {
    writer.member("Id", id);
  }
  writer.key("Statement");
  writer.begin_array();
  for (const StatementText& statement : statements) writer.raw(statement.text);
  writer.end_array();
  writer.end_object();
  return text;
}

StatementText statement_text(const Permission& permission) {
  StatementText made{permission.sid, ""};
  json::Writer writer(made.text);
  writer.begin_object();
  writer.member("Sid", permission.sid);
  writer.member("Effect", "Allow");
  writer.key("Principal");
  write_principals(writer, permission.principals);
  writer.key("Action");
  write_one_or_many(writer, permission.actions);
  writer.member("Resource", permission.resource);
  if (const auto& condition = permission.condition) {
    writer.key("Condition");
    writer.begin_object();
    writer.key(condition->type);
    writer.begin_object();
    writer.member(condition->key, condition->value);
    writer.end_object();
    writer.end_object();
  }
  writer.end_object();
  return made;
}

}  // namespace signalbox::policy
