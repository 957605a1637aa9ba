#include "cloud/saved_policy.h"

#include <optional>

#include "cloud/scope.h"
#include "policy/principal_text.h"

namespace signalbox::cloud {
namespace {

bool is_user_or_role(const Arn& arn) {
  return arn.service == "iam" && (arn.resource.starts_with("user/") || arn.resource.starts_with("role/"));
}

/// What users and roles are saved as, and what is left of one that was deleted.
bool is_unique_id(std::string_view name) {
  return name.starts_with("AIDA") || name.starts_with("AROA");
}

}  // namespace

SavedPolicy save_policy(const House& house, std::string_view account, std::string_view text) {
  const bool must_be_there = house.authority.verifying();
  SavedPolicy saved;
  saved.text = policy::with_principals(text, [&](const std::string& name) -> std::optional<std::string> {
    if (must_be_there && is_unique_id(name) && !house.callers.arn_of_id(name)) saved.unknown = name;
    const auto arn = Arn::parse(name);
    if (name.starts_with("arn:") && (!arn || !is_account_id(arn->account))) saved.unknown = name;
    if (!arn || !is_user_or_role(*arn)) return std::nullopt;
    auto id = house.callers.id_of(name);
    if (!id && must_be_there && (arn->account == account || house.callers.knows(arn->account))) saved.unknown = name;
    return id;
  });
  return saved;
}

std::string shown_policy(const House& house, std::string_view text) {
  return policy::with_principals(text, [&](const std::string& name) -> std::optional<std::string> {
    if (!is_unique_id(name)) return std::nullopt;
    return house.callers.arn_of_id(name);
  });
}

}  // namespace signalbox::cloud
