#include "cloud/identity.h"

namespace signalbox::cloud {
namespace {

Identity identity_of(std::string account, const std::optional<wire::Signature>& signature) {
  Identity identity;
  identity.scope = {std::move(account), kDefaultRegion};
  if (signature) {
    if (!signature->region.empty()) identity.scope.region = signature->region;
    identity.signing_service = signature->service;
    identity.principal.access_key = signature->access_key;
  }
  identity.principal.arn = "arn:aws:iam::" + identity.scope.account + ":root";
  return identity;
}

}  // namespace

Result<Identity> Identification::identify(const http::Request& request) const {
  if (mode_ == AuthMode::kOpen) {
    const std::optional<wire::Signature> claim = wire::read_claim(request);
    const bool names_account = claim && is_account_id(claim->access_key);
    return identity_of(names_account ? claim->access_key : kDefaultAccount, claim);
  }
  Result<std::optional<wire::Signature>> read = wire::read_signature(request);
  if (!read) return std::unexpected(std::move(read).error());
  if (!*read) return fail("MissingAuthenticationToken", "Request is missing Authentication Token", 403);
  const wire::Signature& signature = **read;
  const auto credential = credentials_.find(signature.access_key);
  if (credential == credentials_.end()) {
    return fail("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
  }
  Identity identity = identity_of(credential->second.account, *read);
  if (signature.service == "s3") {
    auto payload = wire::verify_head(request, signature, credential->second.secret_key, clock_.now());
    if (!payload) return std::unexpected(std::move(payload).error());
    identity.payload = *std::move(payload);
    return identity;
  }
  Result<std::string> body = wire::verify_signature(request, signature, credential->second.secret_key, clock_.now());
  if (!body) return std::unexpected(std::move(body).error());
  identity.body = std::move(*body);
  return identity;
}

}  // namespace signalbox::cloud
