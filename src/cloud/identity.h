// Who signed a request: the caller's account, region and principal, as the auth mode has it.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "cloud/call.h"
#include "http/message.h"
#include "wire/sigv4.h"

namespace signalbox::cloud {

enum class AuthMode {
  kOpen,    // any credential, or none; the signature is not looked at
  kVerify,  // SigV4 checked against the known credentials
};

/// Used where a request names none.
inline constexpr const char* kDefaultAccount = "000000000000";
inline constexpr const char* kDefaultRegion = "us-east-1";

/// A long-term credential that verify mode accepts.
struct Credential {
  std::string secret_key;
  std::string account;
};
using Credentials = std::map<std::string, Credential, std::less<>>;  // by access key id

struct Identity {
  Scope scope;
  Principal principal;
  std::string signing_service;      // from the credential scope; "" when unsigned
  std::optional<std::string> body;  // the body as it was signed; empty: as sent
  // Of S3's requests, whose bodies need not be there yet: how they are framed and what they are checked against.
  std::optional<wire::Payload> payload = {};
};

class Identification {
 public:
  Identification(AuthMode mode, Credentials credentials, const Clock& clock)
      : mode_(mode), credentials_(std::move(credentials)), clock_(clock) {}

  /// Errors (verify mode): MissingAuthenticationToken, InvalidClientTokenId, SignatureDoesNotMatch and the others of
  /// wire/sigv4.h, status 403 (400 for a signature that cannot be read).
  Result<Identity> identify(const http::Request& request) const;

 private:
  AuthMode mode_;
  Credentials credentials_;
  const Clock& clock_;
};

}  // namespace signalbox::cloud
