// Whether a request is allowed by the policies that apply to it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "policy/document.h"
#include "policy/request.h"

namespace signalbox::policy {

enum class PolicyType : std::uint8_t {
  kIdentity,
  kResource,
  kTrust,  // the resource policy of a role
  kBoundary,
  kSession,
  kServiceControl,
};

using Documents = std::span<const Document* const>;

/// The policies that apply to a request. Borrowed; all of them may be read by many threads at once.
struct Policies {
  /// Of the caller: its own, its groups', for a session those of the role or the user who federated.
  Documents identity;
  /// Of the resource; nullptr when it has none.
  const Document* resource = nullptr;
  /// Of the caller; nullptr when it has none.
  const Document* boundary = nullptr;
  /// Passed when the session was made; empty when there were none.
  Documents session;
  /// From the organization's root down to the caller's account: each level must allow. Empty outside an organization.
  std::span<const Documents> service_control;
  /// The resource policy must allow within an account, too, or at least name the account: trust policies (which need
  /// not set this) and KMS key policies.
  bool resource_must_allow = false;
};

enum class Outcome : std::uint8_t { kAllowed, kImplicitDeny, kExplicitDeny };

struct Decision {
  Outcome outcome = Outcome::kImplicitDeny;
  /// The type that allowed, that denied explicitly, or that is missing an Allow.
  PolicyType type = PolicyType::kIdentity;
  /// The statement that decided; nullptr for an implicit deny and for the root, who needs none.
  const Statement* statement = nullptr;

  bool allowed() const { return outcome == Outcome::kAllowed; }
};

/// Decides as the IAM User Guide has it: "Policy evaluation for requests within a single account" and "Cross-account
/// policy evaluation logic". Takes no lock, and allocates only where policy variables make long texts.
Decision evaluate(const Request& request, const Policies& policies);

/// What a resource policy alone says, for a caller whose own side allows or is nobody's business yet: it is enough that
/// the policy reaches the caller in any way.
Decision evaluate_resource_policy(const Request& request, const Document& policy);

/// A statement that had a part in a decision.
struct MatchedStatement {
  PolicyType type;
  const Document* document;
  const Statement* statement;
};

/// A decision with what SimulatePrincipalPolicy shows.
struct Explanation {
  Decision decision;
  /// The denying statements of an explicit deny, the allowing ones of an allow, none of an implicit deny.
  std::vector<MatchedStatement> matched;
  /// Condition keys that the policies read and the request does not have; sorted.
  std::vector<std::string> missing_context_keys;
  /// True when there is no boundary, or it allows.
  bool boundary_allows = true;
};
Explanation explain(const Request& request, const Policies& policies);

/// AWS's text for AccessDenied: "User: arn:... is not authorized to perform: s3:PutObjectAcl on resource: arn:...
/// because no identity-based policy allows the s3:PutObjectAcl action"; S3's actions have the resource in quotes. For
/// decisions that are not allowed.
std::string access_denied_message(const Request& request, const Decision& decision);

}  // namespace signalbox::policy
