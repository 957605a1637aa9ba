#include "policy/evaluate.h"

#include <algorithm>

namespace signalbox::policy {
namespace {

/// What the documents of one type say to a request.
struct Verdict {
  const Statement* deny = nullptr;
  const Statement* allow = nullptr;
  Grant grant = Grant::kNone;
};

class Evaluation {
 public:
  Evaluation(const Request& request, const Policies& policies) : request_(request), policies_(policies) {}
  Decision decide();
  Decision decide_by_resource_policy();

 private:
  void read(const Document& document, Verdict& verdict);
  Verdict read(Documents documents);
  bool has_account() const;
  bool same_account() const;
  Decision decide_by_all(const Verdict& identity, const Verdict& boundary, const Verdict& session,
                         const Verdict& resource) const;

  PolicyType resource_type() const {
    const bool trust = policies_.resource != nullptr && policies_.resource->kind() == DocumentKind::kTrust;
    return trust ? PolicyType::kTrust : PolicyType::kResource;
  }

  const Request& request_;
  const Policies& policies_;
  std::string buffer_;
};

Decision allowed(PolicyType type, const Statement* statement) {
  return {Outcome::kAllowed, type, statement};
}
Decision denied(PolicyType type, const Statement* statement) {
  return {Outcome::kExplicitDeny, type, statement};
}
Decision lacking(PolicyType type) {
  return {Outcome::kImplicitDeny, type, nullptr};
}

/// Stops at the first Deny; looks at no Allow that could not grant more than those before it.
void Evaluation::read(const Document& document, Verdict& verdict) {
  for (const Statement& statement : document.statements()) {
    if (statement.allows && verdict.grant == Grant::kDirect) continue;
    Grant grant = statement.grant(request_.principal);
    // "The NotPrincipal element with a Deny effect will always deny any IAM principal that has a permissions boundary
    // policy attached" (Permissions boundaries for IAM entities).
    if (!statement.allows && statement.who == Statement::Who::kAllBut && policies_.boundary != nullptr) {
      grant = Grant::kDirect;
    }
    if (statement.allows ? grant <= verdict.grant : grant == Grant::kNone) continue;
    if (!statement.applies(request_, buffer_)) continue;
    if (!statement.allows) {
      verdict.deny = &statement;
      return;
    }
    verdict.allow = &statement;
    verdict.grant = grant;
  }
}

Verdict Evaluation::read(Documents documents) {
  Verdict verdict;
  for (const Document* document : documents) {
    read(*document, verdict);
    if (verdict.deny != nullptr) break;
  }
  return verdict;
}

bool Evaluation::has_account() const {
  const PrincipalType type = request_.principal.type;
  return type != PrincipalType::kAnonymous && type != PrincipalType::kService && type != PrincipalType::kFederated;
}

bool Evaluation::same_account() const {
  return request_.resource_account.empty() || request_.resource_account == request_.principal.account;
}

Decision Evaluation::decide() {
  if (!has_account()) return decide_by_resource_policy();  // there are no others
  bool every_level = true;
  for (const Documents level : policies_.service_control) {
    const Verdict verdict = read(level);
    if (verdict.deny != nullptr) return denied(PolicyType::kServiceControl, verdict.deny);
    every_level = every_level && verdict.allow != nullptr;
  }
  Verdict resource;
  if (policies_.resource != nullptr) read(*policies_.resource, resource);
  if (resource.deny != nullptr) return denied(resource_type(), resource.deny);
  const Verdict identity = read(policies_.identity);
  if (identity.deny != nullptr) return denied(PolicyType::kIdentity, identity.deny);
  Verdict boundary;
  if (policies_.boundary != nullptr) read(*policies_.boundary, boundary);
  if (boundary.deny != nullptr) return denied(PolicyType::kBoundary, boundary.deny);
  const Verdict session = read(policies_.session);
  if (session.deny != nullptr) return denied(PolicyType::kSession, session.deny);
  if (!every_level) return lacking(PolicyType::kServiceControl);
  return decide_by_all(identity, boundary, session, resource);
}

Decision Evaluation::decide_by_resource_policy() {
  Verdict resource;
  if (policies_.resource != nullptr) read(*policies_.resource, resource);
  if (resource.deny != nullptr) return denied(resource_type(), resource.deny);
  if (resource.allow == nullptr) return lacking(resource_type());
  return allowed(resource_type(), resource.allow);
}

/// Nothing denies; what is missing?
Decision Evaluation::decide_by_all(const Verdict& identity, const Verdict& boundary, const Verdict& session,
                                   const Verdict& resource) const {
  const bool root = request_.principal.type == PrincipalType::kRoot;
  const bool by_identity = root || identity.allow != nullptr;
  const bool by_boundary = policies_.boundary == nullptr || boundary.allow != nullptr;
  const bool by_session = policies_.session.empty() || session.allow != nullptr;
  const bool same = same_account();

  if (same && resource.grant == Grant::kDirect) return allowed(resource_type(), resource.allow);
  const bool must = policies_.resource_must_allow || resource_type() == PolicyType::kTrust;
  if (same && must && resource.grant == Grant::kNone) return lacking(resource_type());
  const bool identity_needed = !same || resource.grant != Grant::kSource;
  if (identity_needed && !by_identity) return lacking(PolicyType::kIdentity);
  if (!by_boundary) return lacking(PolicyType::kBoundary);
  if (!by_session) return lacking(PolicyType::kSession);
  if (!same && resource.grant == Grant::kNone) return lacking(resource_type());
  if (!identity_needed || (!same && root)) return allowed(resource_type(), resource.allow);
  return allowed(PolicyType::kIdentity, identity.allow);
}

}  // namespace

Decision evaluate(const Request& request, const Policies& policies) {
  return Evaluation(request, policies).decide();
}

Decision evaluate_resource_policy(const Request& request, const Document& policy) {
  Policies policies;
  policies.resource = &policy;
  return Evaluation(request, policies).decide_by_resource_policy();
}

}  // namespace signalbox::policy
