// Who signed a request: the caller's account, region and principal, as the auth mode has it.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "cloud/call.h"
#include "cloud/callers.h"
#include "cloud/sessions.h"
#include "http/message.h"
#include "wire/sigv4.h"

namespace signalbox::cloud {

enum class AuthMode {
  kOpen,     // any credential, or none; the signature is not looked at
  kVerify,   // SigV4 checked against the known credentials
  kEnforce,  // that, and every call must be allowed (cloud/authority.h)
};

/// Used where a request names none.
inline constexpr const char* kDefaultAccount = "000000000000";
inline constexpr const char* kDefaultRegion = "us-east-1";

/// A long-term credential of an account's root.
struct Credential {
  std::string secret_key;
  std::string account;
};
using Credentials = std::map<std::string, Credential, std::less<>>;  // by access key id

struct Identity {
  Scope scope;
  Principal principal;
  std::string signing_service;  // from the credential scope; "" when unsigned
  /// What was signed, where it was verified: empty in open mode and for callers who are anonymous.
  std::optional<wire::Signature> verified = {};
  std::shared_ptr<const Signing> signing = {};  // null when unsigned
  std::optional<std::string> body;              // the body as it was signed; empty: as sent
  // Of S3's requests, whose bodies need not be there yet: how they are framed and what they are checked against.
  std::optional<wire::Payload> payload = {};
};

/// Knows roots by the credentials given here, users by their access keys (cloud/callers.h) and sessions by their tokens
/// (cloud/sessions.h), in every mode. What is none of these is the root of an account in open mode.
class Identification {
 public:
  /// `clock` is the real time, that signatures are checked by. Callers and sessions may be null: nobody's known then.
  Identification(AuthMode mode, Credentials credentials, const Clock& clock, const Callers* callers = nullptr,
                 const Sessions* sessions = nullptr)
      : mode_(mode), credentials_(std::move(credentials)), clock_(clock), callers_(callers), sessions_(sessions) {}

  /// Errors (other modes than open): MissingAuthenticationToken, InvalidClientTokenId, ExpiredToken,
  /// SignatureDoesNotMatch and the others of wire/sigv4.h, status 403 (400 for a signature that cannot be read).
  Result<Identity> identify(const http::Request& request) const;

  /// Whether a request that this identity was made of may ask for something of that service: only for the one that it
  /// was signed for, where signatures are verified. Errors: SignatureDoesNotMatch, and of S3 its own.
  static Result<void> check_service(const Identity& identity, std::string_view signing_name);

  /// Who called, where nobody signed: to be used where anonymous callers are admitted.
  static Identity anonymous();

 private:
  struct Known {
    Principal principal;
    std::string secret;
  };
  /// Errors: those of S3's links that are past their time or cannot be read.
  Result<Identity> identify_openly(const http::Request& request) const;
  /// Errors: InvalidClientTokenId, ExpiredToken.
  Result<Known> find(const wire::Signature& signature) const;

  AuthMode mode_;
  Credentials credentials_;
  const Clock& clock_;
  const Callers* callers_;
  const Sessions* sessions_;
};

}  // namespace signalbox::cloud
