#include "services/iam/trust.h"

#include "policy/principal_text.h"
#include "services/iam/names.h"

namespace signalbox::iam {

Result<PolicyText> read_trust(const View& view, const std::string& text) {
  auto trust = read_policy(text, policy::DocumentKind::kTrust, kMaxTrustPolicyBytes,
                           "Cannot exceed quota for ACLSizePerRole: " + std::to_string(kMaxTrustPolicyBytes));
  if (!trust) return trust;
  const Directory& directory = view.core.directory;
  std::string unknown;
  trust->text = policy::with_principals(text, [&](const std::string& name) -> std::optional<std::string> {
    if (!is_user_or_role(name)) return std::nullopt;
    auto id = directory.id_of(name);
    const std::string account = cloud::Arn::parse(name)->account;
    if (!id && (account == view.account().id || directory.knows(account))) unknown = name;
    return id;
  });
  if (!unknown.empty() && view.core.house.authority.verifying()) {
    return fail(m::errors::kMalformedPolicyDocumentException,
                "Invalid principal in policy: \"AWS\":\"" + unknown + "\"");
  }
  auto document = policy::Document::parse(trust->text, policy::DocumentKind::kTrust);
  if (!document) return std::unexpected(std::move(document).error());
  trust->document = std::make_shared<const policy::Document>(*std::move(document));
  return trust;
}

std::string shown_trust(const Directory& directory, const PolicyText& trust) {
  return policy::with_principals(trust.text, [&](const std::string& name) -> std::optional<std::string> {
    if (!name.starts_with("AIDA") && !name.starts_with("AROA")) return std::nullopt;
    return directory.arn_of_id(name);
  });
}

}  // namespace signalbox::iam
