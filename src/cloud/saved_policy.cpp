#include "cloud/saved_policy.h"

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

/// "accounts.google.com", or the ARN of a provider that IAM knows.
bool is_identity_provider(std::string_view name) {
  if (const auto arn = Arn::parse(name)) {
    const bool provider = arn->resource.starts_with("saml-provider/") || arn->resource.starts_with("oidc-provider/");
    return arn->service == "iam" && is_account_id(arn->account) && provider;
  }
  return name.find('.') != name.npos && name.find_first_of(":/ *?") == name.npos;
}

bool is_possible(std::string_view type, const std::string& name, PolicyOwner owner) {
  if (type == "Federated") return is_identity_provider(name);
  if (type == "CanonicalUser") return owner == PolicyOwner::kBucket;
  if (type != "AWS" || !name.starts_with("arn:")) return true;
  const auto arn = Arn::parse(name);
  return arn && is_account_id(arn->account);
}

}  // namespace

std::string SavedPolicy::Unknown::message() const {
  if (type == "Federated") return "Federated principals must be valid domain names or SAML metadata ARNs";
  return "Invalid principal in policy: \"" + std::string(type == "AWS" ? "AWS" : "CANONICALUSER") + "\":\"" + name +
         "\"";
}

SavedPolicy save_policy(const House& house, std::string_view account, std::string_view text, PolicyOwner owner) {
  const bool must_be_there = house.authority.verifying();
  SavedPolicy saved;
  const auto word = [&](std::string_view type, const std::string& name) -> std::optional<std::string> {
    const auto refuse = [&] { saved.unknown = {std::string(type), name}; };
    if (!is_possible(type, name, owner)) refuse();
    if (type != "AWS") return std::nullopt;
    if (must_be_there && is_unique_id(name) && !house.callers.arn_of_id(name)) refuse();
    const auto arn = Arn::parse(name);
    if (!arn || !is_user_or_role(*arn)) return std::nullopt;
    auto id = house.callers.id_of(name);
    if (!id && must_be_there && (arn->account == account || house.callers.knows(arn->account))) refuse();
    return id;
  };
  saved.text = policy::with_principals(text, word);
  return saved;
}

std::string shown_policy(const House& house, std::string_view text) {
  return policy::with_principals(text, [&](std::string_view type, const std::string& name) {
    if (type != "AWS" || !is_unique_id(name)) return std::optional<std::string>();
    return house.callers.arn_of_id(name);
  });
}

}  // namespace signalbox::cloud
