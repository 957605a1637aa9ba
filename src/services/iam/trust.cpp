#include "services/iam/trust.h"

#include "cloud/saved_policy.h"
#include "services/iam/names.h"

namespace signalbox::iam {

Result<PolicyText> read_trust(const View& view, const std::string& text) {
  auto trust = read_policy(text, policy::DocumentKind::kTrust, kMaxTrustPolicyBytes,
                           "Cannot exceed quota for ACLSizePerRole: " + std::to_string(kMaxTrustPolicyBytes));
  if (!trust) return trust;
  cloud::SavedPolicy saved = cloud::save_policy(view.core.house, view.account().id, text);
  if (saved.unknown) return fail(m::errors::kMalformedPolicyDocumentException, saved.unknown->message());
  trust->text = std::move(saved.text);
  auto document = policy::Document::parse(trust->text, policy::DocumentKind::kTrust);
  if (!document) return std::unexpected(std::move(document).error());
  trust->document = std::make_shared<const policy::Document>(*std::move(document));
  return trust;
}

}  // namespace signalbox::iam
