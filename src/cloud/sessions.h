// Temporary credentials: issued to STS's callers and, for roles, to services of this server; recognised again by their
// token alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/seal.h"
#include "cloud/authority.h"
#include "cloud/callers.h"
#include "cloud/principal.h"

namespace signalbox::cloud {

struct TemporaryCredentials {
  std::string access_key;  // ASIA...
  std::string secret;
  std::string token;
  Time expires{};
};

/// What a token says.
struct KnownSession {
  Principal principal;
  std::string secret;
};

/// For whom a service takes a role on.
struct RoleUse {
  std::string role_arn;
  std::string service;         // "lambda.amazonaws.com"
  std::string session_name;    // "" for one made of the service's name
  std::string source_arn;      // the function, rule, schedule or pipe
  std::string source_account;  // whose that is
  bool for_code = false;       // it is a function, whose code will have the credentials
  Duration duration = std::chrono::hours(1);
};

/// Nothing is stored: the token itself holds the session, sealed with the server's key. Any thread.
class Sessions {
 public:
  Sessions(const Callers& callers, const Authority& authority, const Sealer& sealer, const Clock& clock,
           Random& random);
  ~Sessions();

  /// Whether the service may take on the role, which is to be asked where a request names it: one that is there must
  /// trust the service in every mode; in verify and enforce it must be there, and of the source's account. Errors:
  /// AccessDeniedException.
  Result<void> may_take_on(const RoleUse& use) const;
  /// The role, as the principal of calls in this process. In enforce mode the role must be there and its trust policy
  /// must let the service assume it; in verify it must be of the source's account, and trust the service if it is
  /// there; in open mode it need not exist. Errors: AccessDeniedException.
  Result<Principal> principal_of(const RoleUse& use) const;
  /// As principal_of, with credentials for who calls from outside: a function.
  Result<TemporaryCredentials> assume(const RoleUse& use) const;

  /// Credentials for a session, whose principal has no access key yet.
  TemporaryCredentials issue(const Principal& principal) const;
  /// Who has these credentials; null when the token was not issued here for that key. It may have expired: that is the
  /// caller's to see (Session::expires).
  std::shared_ptr<const KnownSession> find(std::string_view access_key, std::string_view token) const;
  bool is_over(const KnownSession& session) const { return session.principal.session->expires <= clock_.now(); }

 private:
  struct Cache;
  /// Null where there is none and that does not matter. Errors: AccessDeniedException.
  Result<std::shared_ptr<const Role>> find_role(const RoleUse& use, bool must_be_there) const;

  const Callers& callers_;
  const Authority& authority_;
  const Sealer& sealer_;
  const Clock& clock_;
  Random& random_;
  std::unique_ptr<Cache> cache_;
};

/// `prefix` (AKIA, ASIA) and 16 letters, which hold the account.
std::string new_access_key(std::string_view prefix, std::string_view account, Random& random);
/// The account that an access key holds; empty optional for what is no access key.
std::optional<std::string> account_of_access_key(std::string_view access_key);
/// 40 letters of base64.
std::string new_secret_key();

}  // namespace signalbox::cloud
