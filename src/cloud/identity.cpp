#include "cloud/identity.h"

namespace signalbox::cloud {
namespace {

Identity identity_of(Principal principal, const std::optional<wire::Signature>& signature) {
  Identity identity;
  identity.scope = {principal.account, kDefaultRegion};
  identity.principal = std::move(principal);
  if (signature) {
    if (!signature->region.empty()) identity.scope.region = signature->region;
    identity.signing_service = signature->service;
    identity.principal.access_key = signature->access_key;
  }
  return identity;
}

/// S3 has words of its own ("Error responses" in the S3 API Reference).
std::unexpected<Error> unknown_key(const wire::Signature& signature) {
  if (signature.service == "s3") {
    return fail("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403);
  }
  return fail("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
}

std::unexpected<Error> unknown_token(const wire::Signature& signature) {
  if (signature.service == "s3") {
    return fail("InvalidToken", "The provided token is malformed or otherwise not valid.", 400);
  }
  return unknown_key(signature);
}

std::unexpected<Error> token_is_over(const wire::Signature& signature) {
  if (signature.service == "s3") return fail("ExpiredToken", "The provided token has expired.", 400);
  return fail("ExpiredToken", "The security token included in the request is expired", 403);
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

Identity Identification::identify_openly(const http::Request& request) const {
  const std::optional<wire::Signature> claim = wire::read_claim(request);
  if (!claim) return identity_of(Principal::root(kDefaultAccount), claim);
  if (is_account_id(claim->access_key)) return identity_of(Principal::root(claim->access_key), claim);
  Result<Known> known = find(*claim);
  if (!known) return identity_of(Principal::root(kDefaultAccount), claim);
  return identity_of(std::move(known->principal), claim);
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
    Identity identity = identify_openly(request);
    note_use(identity);
    return identity;
  }
  Result<std::optional<wire::Signature>> read = wire::read_signature(request);
  if (!read) return std::unexpected(std::move(read).error());
  if (!*read) return fail("MissingAuthenticationToken", "Request is missing Authentication Token", 403);
  const wire::Signature& signature = **read;
  Result<Known> known = find(signature);
  if (!known) return std::unexpected(std::move(known).error());
  if (signature.service == "s3") {
    auto payload = wire::verify_head(request, signature, known->secret, clock_.now());
    if (!payload) return std::unexpected(std::move(payload).error());
    Identity identity = identity_of(std::move(known->principal), *read);
    identity.payload = *std::move(payload);
    note_use(identity);
    return identity;
  }
  Result<std::string> body = wire::verify_signature(request, signature, known->secret, clock_.now());
  if (!body) return std::unexpected(std::move(body).error());
  Identity identity = identity_of(std::move(known->principal), *read);
  identity.body = std::move(*body);
  note_use(identity);
  return identity;
}

}  // namespace signalbox::cloud
