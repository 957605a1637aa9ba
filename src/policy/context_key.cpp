#include "policy/context_key.h"

#include <algorithm>

#include "policy/glob.h"

namespace signalbox::policy {
namespace {

constexpr std::string_view kTagPrefix = "aws:principaltag/";

/// "" has no value.
KeyValues unless_empty(std::string_view value) {
  return value.empty() ? KeyValues() : KeyValues(value);
}

/// Of a role's session the role, of everyone else the caller (AWS global condition context keys, aws:PrincipalArn).
std::string_view principal_arn(const Principal& principal) {
  return principal.type == PrincipalType::kAssumedRole && !principal.source_arn.empty() ? principal.source_arn
                                                                                        : principal.arn;
}

/// The table "Principal key values" of the page "IAM policy elements: Variables and tags".
std::string_view type_name(PrincipalType type) {
  switch (type) {
    case PrincipalType::kAnonymous:
      return "Anonymous";
    case PrincipalType::kRoot:
      return "Account";
    case PrincipalType::kUser:
      return "User";
    case PrincipalType::kAssumedRole:
      return "AssumedRole";
    case PrincipalType::kFederatedUser:
    case PrincipalType::kFederated:
      return "FederatedUser";
    case PrincipalType::kService:
      return "Service";
  }
  return "";
}

}  // namespace

void Context::add(std::string_view key, std::string value) {
  std::string lower_key = lower(key);
  for (Entry& entry : entries_) {
    if (entry.key == lower_key) return entry.values.push_back(std::move(value));
  }
  Entry& entry = entries_.emplace_back();
  entry.key = std::move(lower_key);
  entry.values.push_back(std::move(value));
}

std::span<const std::string> Context::find(std::string_view lower_key) const {
  for (const Entry& entry : entries_) {
    if (entry.key == lower_key) return entry.values;
  }
  return {};
}

ContextKey::ContextKey(std::string_view name) : name_(name), lower_(lower(name)) {
  constexpr std::pair<std::string_view, Derived> kDerived[] = {
      {"aws:principalarn", Derived::kPrincipalArn},
      {"aws:principalaccount", Derived::kPrincipalAccount},
      {"aws:principaltype", Derived::kPrincipalType},
      {"aws:principalisawsservice", Derived::kPrincipalIsService},
      {"aws:principalservicename", Derived::kPrincipalServiceName},
      {"aws:userid", Derived::kUserId},
      {"aws:username", Derived::kUserName},
      {"aws:resourceaccount", Derived::kResourceAccount},
  };
  for (const auto& [key, derived] : kDerived) {
    if (lower_ == key) derived_ = derived;
  }
  if (lower_.starts_with(kTagPrefix)) derived_ = Derived::kPrincipalTag;
}

KeyValues ContextKey::values(const Request& request) const {
  if (request.context != nullptr) {
    const auto found = request.context->find(lower_);
    if (!found.empty()) return KeyValues(found);
  }
  return derived_ == Derived::kNone ? KeyValues() : derived(request);
}

KeyValues ContextKey::derived(const Request& request) const {
  const Principal& principal = request.principal;
  switch (derived_) {
    case Derived::kNone:
      break;
    case Derived::kPrincipalArn:
      return unless_empty(principal_arn(principal));
    case Derived::kPrincipalAccount:
      return unless_empty(principal.account);
    case Derived::kPrincipalType:
      return KeyValues(type_name(principal.type));
    case Derived::kPrincipalTag:
      for (const Tag& tag : principal.tags) {
        if (equal_folded(tag.key, std::string_view(lower_).substr(kTagPrefix.size()))) return KeyValues(tag.value);
      }
      break;
    case Derived::kPrincipalIsService:
      return KeyValues(principal.type == PrincipalType::kService ? std::string_view("true") : "false");
    case Derived::kPrincipalServiceName:
      if (principal.type == PrincipalType::kService) return unless_empty(principal.name);
      break;
    case Derived::kUserId:
      return unless_empty(principal.user_id);
    case Derived::kUserName:
      if (principal.type != PrincipalType::kUser) break;
      return unless_empty(principal.arn.substr(std::min(principal.arn.rfind('/') + 1, principal.arn.size())));
    case Derived::kResourceAccount:
      return unless_empty(request.resource_account.empty() ? principal.account : request.resource_account);
  }
  return {};
}

}  // namespace signalbox::policy
