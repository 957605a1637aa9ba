#include "cloud/identity.h"

#include <algorithm>

#include "wire/sigv4_refusals.h"

namespace signalbox::cloud {
namespace {

/// Regions go into ARNs and names of records.
bool is_region(std::string_view text) {
  constexpr std::size_t kMost = 32;
  return !text.empty() && text.size() <= kMost &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

std::shared_ptr<const Signing> signing_of(const http::Request& request, const wire::Signature& signature, Time now) {
  auto signing = std::make_shared<Signing>();
  const bool is_2 = signature.version == wire::Signature::Version::k2;
  signing->version = is_2 ? "AWS" : "AWS4-HMAC-SHA256";
  signing->type = signature.presigned ? "REST-QUERY-STRING" : "REST-HEADER";
  if (!is_2) signing->age = std::max(Duration(0), Duration(now - signature.signed_at));
  signing->content = request.header("X-Amz-Content-Sha256");
  if (signing->content.empty() && signature.presigned && !is_2) signing->content = "UNSIGNED-PAYLOAD";
  return signing;
}

Identity identity_of(Principal principal, const std::optional<wire::Signature>& signature) {
  Identity identity;
  identity.scope = {principal.account, kDefaultRegion};
  identity.principal = std::move(principal);
  if (signature) {
    if (is_region(signature->region)) identity.scope.region = signature->region;
    identity.signing_service = signature->service;
    identity.principal.access_key = signature->access_key;
  }
  return identity;
}

std::unexpected<Error> with_element(std::string code, std::string message, int status, std::string name,
                                    std::string value) {
  Error error{std::move(code), std::move(message), status};
  error.details = std::make_shared<const ErrorDetails>(ErrorDetails{{{std::move(name), std::move(value)}}, {}});
  return std::unexpected(std::move(error));
}

/// S3 has words of its own ("Error responses" in the S3 API Reference).
std::unexpected<Error> unknown_key(const wire::Signature& signature) {
  if (signature.service == "s3") {
    return with_element("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403,
                        "AWSAccessKeyId", signature.access_key);
  }
  return fail("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
}

std::unexpected<Error> unknown_token(const wire::Signature& signature) {
  if (signature.service == "s3") {
    return with_element("InvalidToken", "The provided token is malformed or otherwise invalid.", 400, "Token-0",
                        signature.session_token);
  }
  return unknown_key(signature);
}

std::unexpected<Error> token_is_over(const wire::Signature& signature) {
  if (signature.service == "s3") {
    return with_element("ExpiredToken", "The provided token has expired.", 400, "Token-0", signature.session_token);
  }
  return fail("ExpiredToken", "The security token included in the request is expired", 403);
}

/// Whether the user or role that a session came from is there still: its credentials end with it.
bool is_there(const Callers& callers, const Session& session) {
  return session.issuer_type == "Root" || callers.find_grants(session.issuer_account, session.issuer_id) != nullptr;
}

}  // namespace

Identity Identification::anonymous() {
  Identity identity;
  identity.scope = {kDefaultAccount, kDefaultRegion};
  return identity;
}

Result<Identification::Known> Identification::find(const wire::Signature& signature) const {
  if (!signature.session_token.empty()) {
    const auto session =
        sessions_ == nullptr ? nullptr : sessions_->find(signature.access_key, signature.session_token);
    if (!session) return unknown_token(signature);
    if (sessions_->is_over(*session)) return token_is_over(signature);
    return Known{session->principal, session->secret};
  }
  if (const auto root = credentials_.find(signature.access_key); root != credentials_.end()) {
    return Known{Principal::root(root->second.account), root->second.secret_key};
  }
  const auto key = callers_ == nullptr ? nullptr : callers_->find_key(signature.access_key);
  if (!key || !key->active) return unknown_key(signature);
  return Known{key->principal, key->secret};
}

Result<Identity> Identification::identify_openly(const http::Request& request) const {
  const std::optional<wire::Signature> claim = wire::read_claim(request);
  if (!claim) return identity_of(Principal::root(kDefaultAccount), claim);
  if (claim->service == "s3" && claim->presigned) {
    // What programs do with links that have ended is worth trying where everybody is let in, too.
    const auto link = wire::read_signature(request);
    if (!link) return std::unexpected(link.error());
    Result<void> alive = *link ? wire::check_life(**link, clock_.now()) : Result<void>();
    if (!alive) return std::unexpected(std::move(alive).error());
  }
  const auto known_as = [&](Principal principal) {
    Identity identity = identity_of(std::move(principal), claim);
    identity.signing = signing_of(request, *claim, clock_.now());
    return identity;
  };
  if (is_account_id(claim->access_key)) return known_as(Principal::root(claim->access_key));
  Result<Known> known = find(*claim);
  return known_as(known ? std::move(known->principal) : Principal::root(kDefaultAccount));
}

Result<void> Identification::check_service(const Identity& identity, std::string_view signing_name) {
  if (!identity.verified || identity.verified->service == signing_name) return {};
  return std::unexpected(wire::wrong_service(*identity.verified, signing_name));
}

Result<Identity> Identification::identify(const http::Request& request) const {
  const auto note_use = [this](const Identity& identity) {
    const Principal& who = identity.principal;
    if (callers_ == nullptr) return;
    if (who.type == PrincipalType::kAssumedRole) {
      callers_->used(who.session->issuer_id, identity.signing_service, identity.scope.region);
    } else if (who.type == PrincipalType::kUser && !who.session) {
      callers_->used(who.access_key, identity.signing_service, identity.scope.region);
    }
  };
  if (mode_ == AuthMode::kOpen) {
    Result<Identity> identity = identify_openly(request);
    if (identity) note_use(*identity);
    return identity;
  }
  Result<std::optional<wire::Signature>> read = wire::read_signature(request);
  if (!read) return std::unexpected(std::move(read).error());
  if (!*read) return fail("MissingAuthenticationToken", "Request is missing Authentication Token", 403);
  const wire::Signature& signature = **read;
  if (signature.version == wire::Signature::Version::k4 && !is_region(signature.region)) {
    return fail("SignatureDoesNotMatch", "Credential should be scoped to a valid region. ", 403);
  }
  Result<Known> known = find(signature);
  if (!known) return std::unexpected(std::move(known).error());
  const Session* session = known->principal.session.get();
  if (session != nullptr && callers_ != nullptr && !is_there(*callers_, *session)) return unknown_token(signature);
  const auto proven = [&] {
    Identity identity = identity_of(std::move(known->principal), *read);
    identity.signing = signing_of(request, signature, clock_.now());
    identity.verified = signature;
    return identity;
  };
  if (signature.service == "s3") {
    auto payload = wire::verify_head(request, signature, known->secret, clock_.now());
    if (!payload) return std::unexpected(std::move(payload).error());
    Identity identity = proven();
    identity.payload = *std::move(payload);
    note_use(identity);
    return identity;
  }
  Result<std::string> body = wire::verify_signature(request, signature, known->secret, clock_.now());
  if (!body) return std::unexpected(std::move(body).error());
  Identity identity = proven();
  identity.body = std::move(*body);
  note_use(identity);
  return identity;
}

}  // namespace signalbox::cloud
