// What SimulatePrincipalPolicy shows beside the decision, and the text of AccessDenied.

#include <algorithm>
#include <set>

#include "policy/evaluate.h"

namespace signalbox::policy {
namespace {

/// Every document that applies, with its type.
template <class Visit>
void for_each_document(const Policies& policies, Visit visit) {
  for (const Documents level : policies.service_control) {
    for (const Document* document : level) visit(PolicyType::kServiceControl, *document);
  }
  if (const Document* resource = policies.resource) {
    visit(resource->kind() == DocumentKind::kTrust ? PolicyType::kTrust : PolicyType::kResource, *resource);
  }
  for (const Document* document : policies.identity) visit(PolicyType::kIdentity, *document);
  if (policies.boundary != nullptr) visit(PolicyType::kBoundary, *policies.boundary);
  for (const Document* document : policies.session) visit(PolicyType::kSession, *document);
}

std::string_view name_of(PolicyType type) {
  switch (type) {
    case PolicyType::kIdentity:
      return "identity-based policy";
    case PolicyType::kResource:
      return "resource-based policy";
    case PolicyType::kTrust:
      return "role trust policy";
    case PolicyType::kBoundary:
      return "permissions boundary";
    case PolicyType::kSession:
      return "session policy";
    case PolicyType::kServiceControl:
      return "service control policy";
  }
  return "policy";
}

std::string_view article_of(PolicyType type) {
  if (type == PolicyType::kIdentity) return "an ";
  return type == PolicyType::kTrust ? "the " : "a ";
}

std::string_view name_of(const Principal& principal) {
  if (principal.type == PrincipalType::kAnonymous) return "anonymous";
  return principal.arn.empty() ? principal.name : principal.arn;
}

}  // namespace

Explanation explain(const Request& request, const Policies& policies) {
  Explanation explanation;
  explanation.decision = evaluate(request, policies);
  const Outcome outcome = explanation.decision.outcome;
  std::string buffer;
  std::set<std::string> missing;
  bool boundary_allows = policies.boundary == nullptr;
  bool boundary_denies = false;
  for_each_document(policies, [&](PolicyType type, const Document& document) {
    for (const std::string& key : document.context_keys()) {
      if (ContextKey(key).values(request).empty()) missing.insert(key);
    }
    for (const Statement& statement : document.statements()) {
      if (statement.grant(request.principal) == Grant::kNone && &statement != explanation.decision.statement) continue;
      if (!statement.applies(request, buffer)) continue;
      if (type == PolicyType::kBoundary) (statement.allows ? boundary_allows : boundary_denies) = true;
      const bool part = statement.allows ? outcome == Outcome::kAllowed : outcome == Outcome::kExplicitDeny;
      if (part) explanation.matched.push_back({type, &document, &statement});
    }
  });
  explanation.boundary_allows = boundary_allows && !boundary_denies;
  explanation.missing_context_keys.assign(missing.begin(), missing.end());
  return explanation;
}

std::string access_denied_message(const Request& request, const Decision& decision) {
  std::string text = "User: ";
  text.append(name_of(request.principal)).append(" is not authorized to perform: ").append(request.action);
  const std::string_view quote = request.action.starts_with("s3:") ? "\"" : "";  // as S3 writes them
  if (!request.resource.empty()) {
    text.append(" on resource: ").append(quote).append(request.resource).append(quote);
  }
  if (decision.outcome == Outcome::kExplicitDeny) {
    text.append(" with an explicit deny in ").append(article_of(decision.type)).append(name_of(decision.type));
  } else {
    text.append(" because no ").append(name_of(decision.type)).append(" allows the ").append(request.action);
    text.append(" action");
  }
  return text;
}

}  // namespace signalbox::policy
