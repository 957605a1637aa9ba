// Policies as texts, changed one statement at a time: what AddPermission, PutPermission and their opposites do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::policy {

struct StatementText {
  std::string sid;   // "" for none
  std::string text;  // JSON without white space between tokens
};

/// The statements of a policy in their order; none of "" and of what is not a policy.
std::vector<StatementText> statement_texts(std::string_view policy);

/// A policy of version 2012-10-17; `id` "" for none.
std::string policy_text(std::string_view id, const std::vector<StatementText>& statements);
/// The same of another version.
std::string policy_text(std::string_view id, const std::vector<StatementText>& statements, std::string_view version);

/// An Allow statement as the services write it.
struct Permission {
  struct Condition {
    std::string type, key, value;
  };
  std::string sid;
  std::vector<std::string> principals;  // ARNs; or one "*"
  std::vector<std::string> actions;
  std::string resource;
  std::optional<Condition> condition;
};
/// Its text: one principal or action bare, several as an array.
StatementText statement_text(const Permission& permission);

}  // namespace signalbox::policy
