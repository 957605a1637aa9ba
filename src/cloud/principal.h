// Who calls: the account itself, a user, a session of a role, a service.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "policy/document.h"
#include "policy/request.h"

namespace signalbox::cloud {

using policy::PrincipalType;
using PolicyPtr = std::shared_ptr<const policy::Document>;

/// What temporary credentials bring along. Made once with them (cloud/session_token.h), then never changed.
struct Session {
  std::string name;         // of a role's session, or of the federated user; "" for GetSessionToken
  std::string issuer_type;  // "Role", "IAMUser", "Root": as CloudTrail's sessionIssuer has it
  std::string issuer_arn;   // of the role, path included, or of the user
  std::string issuer_id;    // AROA..., AIDA..., the account
  std::string issuer_account;
  std::string issuer_name;
  Time created{};
  Time expires{};
  bool mfa = false;
  std::string source_identity;  // "" for none
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<std::string> transitive_tag_keys;
  bool chained = false;                  // made with the credentials of another role's session
  std::string policy;                    // the session policy; "" for none
  PolicyPtr compiled_policy;             // that
  std::vector<std::string> policy_arns;  // managed policies as session policies
  std::string invoked_by;                // the service it was made for ("lambda.amazonaws.com"); "" for callers' own
  std::string source_function;           // ARN of the function whose code has the credentials; "" for none
};

/// Who the caller is, as far as the server's auth mode established it. A plain value.
struct Principal {
  PrincipalType type = PrincipalType::kAnonymous;
  /// As GetCallerIdentity shows it: arn:aws:iam::ACCOUNT:root, arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION. Of a
  /// service its name. Empty for anonymous callers.
  std::string arn;
  std::string account;     // empty for services and anonymous callers
  std::string id;          // AIDA..., AROA...:session, ACCOUNT:NAME of federated users; the account of roots
  std::string user_name;   // of users
  std::string access_key;  // empty for in-process calls
  std::shared_ptr<const Session> session = nullptr;            // of temporary credentials, else null
  std::vector<std::pair<std::string, std::string>> tags = {};  // aws:PrincipalTag: of the user, or role and session

  static Principal root(std::string account) {
    Principal principal;
    principal.type = PrincipalType::kRoot;
    principal.arn = "arn:aws:iam::" + account + ":root";
    principal.id = account;
    principal.account = std::move(account);
    return principal;
  }
  /// "events.amazonaws.com"
  static Principal service(std::string name) {
    Principal principal;
    principal.type = PrincipalType::kService;
    principal.arn = std::move(name);
    return principal;
  }
  bool is_service() const { return type == PrincipalType::kService; }
  bool is_anonymous() const { return type == PrincipalType::kAnonymous; }
};

}  // namespace signalbox::cloud
